"""The supervisor's signals: children that end wake it up, SIGTERM ends it."""

# Not `signal`: that module makes enums of all constants, which takes longer than the rest of the supervisor.
import _signal
import os

SIGKILL = _signal.SIGKILL
SIGSTOP = _signal.SIGSTOP


class ChildWatch:
    """`fd` can be read after a child has ended; it belongs to a poll."""

    def __init__(self):
        self.fd, self._wake = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._wake, False)
        # An ignored signal would not wake anybody.
        self._before = _signal.signal(_signal.SIGCHLD, lambda number, frame: None)
        _signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)

    def forget(self) -> None:
        """In a forked child: as it was before."""
        _signal.set_wakeup_fd(-1)
        _signal.signal(_signal.SIGCHLD, self._before or _signal.SIG_DFL)
        os.close(self.fd)
        os.close(self._wake)

    def reap(self) -> dict:
        """Status by pid of every child that has ended; process 1 adopts the orphans of others, too."""
        try:
            os.read(self.fd, 4096)
        except BlockingIOError:
            pass
        statuses = {}
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
            while pid:
                statuses[pid] = status
                pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:  # no more children
            pass
        return statuses


def wait_for(pid: int) -> int:
    """The status of a child, once it has ended; process 1 reaps what else ends meanwhile."""
    ended = None
    while ended != pid:
        ended, status = os.wait()
    return status


def end_on_sigterm(end) -> None:
    """SIGTERM ends the supervisor at once, after `end()`. Process 1 has no such default."""

    def handle(number, frame):
        end()
        os._exit(128 + number)

    _signal.signal(_signal.SIGTERM, handle)


def kill(pid: int) -> None:
    try:
        os.kill(pid, SIGKILL)
    except ProcessLookupError:
        pass


def restore_defaults() -> None:
    """In a forked child: forget the supervisor's handlers."""
    _signal.set_wakeup_fd(-1)
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    _signal.signal(_signal.SIGTERM, _signal.SIG_DFL)


def describe(number: int) -> str:
    """Such as `signal 11 (SIGSEGV)`."""
    from signal import Signals

    try:
        return "signal %d (%s)" % (number, Signals(number).name)
    except ValueError:
        return "signal %d" % number
