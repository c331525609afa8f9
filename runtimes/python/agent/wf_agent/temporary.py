"""The folder of temporary files: a folder of its own for each call, and what calls leave outside of theirs."""

import os
import stat
import sys

from wf_agent.process import close_from


class Temporary:
    """WF_TMP. Without it calls get no folder and nothing is wiped.

    Removing takes its time, so a forked child does it. Moving out of the way does not, and is done at once: the next
    call must not lose a file that it has just written under the name of an old one.
    """

    def __init__(self, folder: str):
        self._folder = folder
        self._calls = set()
        self._kept = set()
        self.removers = {}  # by pid, what they remove

    def new(self) -> str:
        """A folder for one call; empty text when there is no place for it."""
        if not self._folder:
            return ""
        path = self._name("call")
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
            self._kept.update(self._walk(lambda path: True))

    def wipe_strays(self) -> None:
        """No call runs: away with everything that loading has not left here."""
        strays = self._strays()
        if strays:
            aside = self._name("wiped")
            _move(strays, aside)
            self._remove_aside(aside)

    def _name(self, kind: str) -> str:
        """That no call can have taken."""
        return "%s/%s-%s" % (self._folder, kind, os.urandom(8).hex())

    def _strays(self) -> list:
        """The uppermost ones."""
        found = self._walk(self._kept.__contains__) if self._folder else ()
        others = self._calls.union(self.removers.values())
        return [path for path in found if path not in self._kept and path not in others]

    def _walk(self, enters):
        """All paths below, as deep as `enters(path)` says."""
        folders = [self._folder]
        while folders:
            for entry in _entries(folders.pop()):
                yield entry.path
                if enters(entry.path) and entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)

    def _remove_aside(self, path: str) -> None:
        try:
            pid = os.fork()
        except OSError:  # no process to be had: strays of the next time
            return
        if pid == 0:
            try:
                close_from(3)  # without a connection of a call's
                remove_tree(path)
            finally:
                os._exit(0)
        self.removers[pid] = path

    def close(self) -> None:
        """The agent ends, all that it has started is ended, and nothing of a call stays."""
        self.removers.clear()
        for path in (*self._calls, *self._strays()):
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
        if not _open_up(path):
            os.unlink(path)
            return
    except OSError:
        return
    folders = [path]
    for folder in folders:
        folders += _empty(folder, path)
    for folder in reversed(folders):
        try:
            os.rmdir(folder)
        except OSError:
            continue


def _empty(folder: str, top: str) -> list:
    """Unlink its files, and move its folders up to `top`, so that no path gets long. The folders' new paths."""
    moved = []
    for entry in _entries(folder):
        try:
            if _open_up(entry.path):
                path = "%s/%s" % (top, os.urandom(16).hex())
                os.rename(entry.path, path)
                moved.append(path)
            else:
                os.unlink(entry.path)
        except OSError:
            continue
    return moved


def _open_up(path: str) -> bool:
    """Whether it is a folder; one can then be moved and emptied, whatever mode the call has given it."""
    mode = os.lstat(path).st_mode
    if stat.S_ISDIR(mode) and mode & stat.S_IRWXU != stat.S_IRWXU:
        os.chmod(path, stat.S_IRWXU)
    return stat.S_ISDIR(mode)
