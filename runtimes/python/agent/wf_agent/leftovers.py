"""Ends what calls have left running, and nothing else.

The supervisor and every call's process are subreapers: a process whose parent has ended becomes the child of its
call's process, or of the supervisor when that has ended, too. So whatever the supervisor has adopted was left by a
call that is over, and no pid has to be remembered.
"""

import _ctypes  # not `ctypes`, which is larger and only wraps what is used here
import os

from wf_agent import signals
from wf_agent.frames import READ_SIZE

PR_SET_CHILD_SUBREAPER = 36

_prctl = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")


def adopt_orphans() -> None:
    """Make this process a subreaper."""
    _ctypes.call_function(_prctl, (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))


class OwnChildren:
    """Those of this process, which has one thread. The kernel's list of them is kept open: each call asks for it.

    A kernel without such a list (CONFIG_PROC_CHILDREN) is an OSError: what calls leave could not be found.
    """

    def __init__(self):
        self._list = os.open("/proc/self/task/%d/children" % os.getpid(), os.O_RDONLY)

    def pids(self) -> list:
        content = b""
        piece = os.pread(self._list, READ_SIZE, 0)
        while piece:
            content += piece
            piece = os.pread(self._list, READ_SIZE, len(content))
        return list(map(int, content.split()))


def children(pid: int) -> list:
    """The pids of its children; none when it has ended."""
    found = []
    folder = "/proc/%d/task" % pid
    try:
        for thread in os.listdir(folder):
            with open("%s/%s/children" % (folder, thread), "rb", buffering=0) as file:
                found += map(int, file.read().split())
    except OSError:
        pass
    return found


def end_tree(pid: int) -> None:
    """Kill a process with all that it has started."""
    _freeze(pid)
    _end(_frozen_below(pid) | {pid})


def end_below(pid: int) -> None:
    """Kill all that a process has started, and not the process."""
    _end(_frozen_below(pid))


def _end(pids: set) -> None:
    for pid in pids:
        signals.kill(pid)


def _frozen_below(pid: int) -> set:
    """Stops all below `pid`. Only what is stopped cannot start more; so it looks again until nobody is new."""
    frozen = set()
    found = set(children(pid))
    while found:
        for new in found:
            _freeze(new)
        frozen |= found
        found = {child for parent in frozen | {pid} for child in children(parent)} - frozen
    return frozen


def _freeze(pid: int) -> None:
    try:
        os.kill(pid, signals.SIGSTOP)
    except ProcessLookupError:
        pass
