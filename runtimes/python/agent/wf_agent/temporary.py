"""The folder of temporary files: a folder of its own for each call, and what calls leave outside of theirs."""

import os
import stat
import sys


class Temporary:
    """WF_TMP. Without it calls get no folder and nothing is wiped.

    Removing takes its time, so a forked child does it. Moving out of the way does not, and is done at once: the next
    call must not lose a file that it has just written under the name of an old one.
    """

    def __init__(self, folder: str):
        self._folder = folder
        self._count = 0
        self._calls = set()
        self._kept = set()
        self.removers = set()  # pids

    def new(self) -> str:
        """A folder for one call; empty text when there is no place for it."""
        if not self._folder:
            return ""
        self._count += 1
        path = "%s/call-%d-%d" % (self._folder, os.getpid(), self._count)
        try:
            os.mkdir(path, 0o700)
        except OSError:  # full, for example
            return ""
        self._calls.add(path)
        return path

    def remove(self, path: str) -> None:
        if not path:
            return
        self._calls.discard(path)
        try:
            os.rmdir(path)
        except FileNotFoundError:
            pass
        except OSError:
            self._remove_aside(path)

    def keep_what_is_there(self) -> None:
        """The handler is loaded: what it has written so far belongs to every call."""
        if self._folder:
            self._kept.update(_paths_below(self._folder))

    def wipe_strays(self) -> None:
        """No call runs: away with everything that loading has not left here."""
        strays = list(self._strays(self._folder)) if self._folder else []
        if strays:
            aside = "%s/wiped-%d-%d" % (self._folder, os.getpid(), self._count)
            self._count += 1
            _move(strays, aside)
            self._remove_aside(aside)

    def _strays(self, folder: str):
        for entry in _entries(folder):
            if entry.path in self._calls:
                continue
            if entry.path not in self._kept:
                yield entry.path
            elif entry.is_dir(follow_symlinks=False):
                yield from self._strays(entry.path)

    def _remove_aside(self, path: str) -> None:
        try:
            pid = os.fork()
        except OSError:  # no process to be had: strays of the next time
            return
        if pid == 0:
            try:
                remove_tree(path)
            finally:
                os._exit(0)
        self.removers.add(pid)

    def close(self) -> None:
        """The agent ends, and nothing of a call stays."""
        strays = self._strays(self._folder) if self._folder else ()
        for path in (*self._calls, *strays):
            remove_tree(path)


def use(path: str) -> None:
    """In a call's process: its temporary folder, for everything that asks for one."""
    if path:
        os.environ["TMPDIR"] = path
        if "tempfile" in sys.modules:
            sys.modules["tempfile"].tempdir = None  # it remembers its first answer


def _entries(folder: str) -> list:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _paths_below(folder: str):
    for entry in _entries(folder):
        yield entry.path
        if entry.is_dir(follow_symlinks=False):
            yield from _paths_below(entry.path)


def _move(paths: list, aside: str) -> None:
    try:
        os.mkdir(aside, 0o700)
    except OSError:
        return
    for number, path in enumerate(paths):
        try:
            _open_up(path)
            os.rename(path, "%s/%d" % (aside, number))
        except OSError:
            continue


def remove_tree(path: str) -> None:
    """Whatever it is; what cannot be removed stays."""
    try:
        if _open_up(path):
            for entry in _entries(path):
                remove_tree(entry.path)
            os.rmdir(path)
        else:
            os.unlink(path)
    except OSError:
        pass


def _open_up(path: str) -> bool:
    """Whether it is a folder; one can then be moved and emptied, whatever mode the call has given it."""
    mode = os.lstat(path).st_mode
    if stat.S_ISDIR(mode) and mode & stat.S_IRWXU != stat.S_IRWXU:
        os.chmod(path, stat.S_IRWXU)
    return stat.S_ISDIR(mode)
