"""One process of the worker, with all that it starts: begun, ended and counted as a whole.

Each child leads a session of its own. What is left of it when it dies would go on as an orphan (a server that
answers, task workers without a head), so a death is always followed by a SIGKILL to the whole group. Orphans become
children of this process (`adopt_orphans`), which waits until the last of them is gone. When this process dies, the
kernel tells its children to stop.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)  # loaded before a fork, after which it would be too late


class Child:
    """A command that may be started, ended and started again."""

    def __init__(self, name: str, command: Sequence[str], **environment: str) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_started(self) -> bool:
        """Also when it has ended since, until somebody ends what it has left."""
        return self._process is not None

    @property
    def has_ended(self) -> bool:
        """It stays a zombie, so that its number, and that of its group, remain its own."""
        return self._process is not None and _is_over(self._process.pid)

    def start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 -- our own commands
            self._command,
            env={**os.environ, **self._environment},
            start_new_session=True,
            preexec_fn=partial(_bind_to, os.getpid()),  # noqa: PLW1509 -- nothing in it takes a lock
        )

    def tell_to_stop(self) -> None:
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGTERM)

    def end(self, limit_s: float = 0) -> int:
        """Waits so many seconds for its end, then kills whatever is left; returns its exit status."""
        if self._process is None:
            return 0
        wait_for(os.pidfd_open(self._process.pid), limit_s)
        os.killpg(self._process.pid, signal.SIGKILL)
        status = self._process.wait()
        _reap_group(self._process.pid)
        self._process = None
        return status


def adopt_orphans() -> None:
    """Processes that lose their parent below this one become its children."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def bind_forks() -> None:
    """Whatever this process forks from now on, and what that forks, is killed when its parent dies.

    Not told to stop: it may be about to set its handler, or wait for a call that nobody would end.
    """
    parent = os.getpid()

    def note() -> None:
        nonlocal parent
        parent = os.getpid()

    os.register_at_fork(before=note, after_in_child=lambda: _follow(parent, signal.SIGKILL))


def wait_for(pidfd: int, limit_s: float) -> bool:
    """Has this process ended, at the latest after so many seconds? Closes the descriptor."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    try:
        return bool(poll.poll(limit_s * 1000))
    finally:
        os.close(pidfd)


def _is_over(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _reap_group(group: int) -> None:
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-group, 0)


def _bind_to(parent: int) -> None:
    """Runs in the new process: it takes signals again, and gets one when its parent dies."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _follow(parent, signal.SIGTERM)


def _follow(parent: int, number: signal.Signals) -> None:
    _prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it has died meanwhile
        os._exit(1)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
