"""The handler's process as the supervisor sees it: forked, fed with one call, listened to, and followed to its end."""

import _socket
import os

from wf_agent import frames, memory, signals
from wf_agent.codec import encode
from wf_agent.logs import LogCapture

TOKEN_SIZE = 16
# What a process says that could not load the handler, and one that has loaded it and must not be forked.
FAILED, THREADS, CONNECTIONS = b"failed", b"threads", b"connections"
# The status of a handler's process that can no longer reach the supervisor.
CHANNEL_LOST = 70


class HandlerProcess:
    """A forked child, and what it has said so far.

    Everything that it sends begins with a token that was made before the fork. So bytes that user code happens to
    write on the same descriptor can end this call, and never pass for an answer.
    """

    def __init__(self, pid: int, control, logs: LogCapture, token: bytes):
        self.pid = pid
        self.logs = logs
        self.loaded = False  # the import of the handler is over, well or not
        self.failed = False
        self.outcome = None  # the payload of the frame that ends the call
        self.status = None  # as waitpid gives it, once the process has ended
        self._control = control
        self._control_open = True
        self._messages = frames.FrameBuffer()
        self._token = token
        self.count_kills()
        self._fault = ""

    def count_kills(self) -> None:
        """What the kernel kills from now on may be this process."""
        self._kills_before = memory.oom_kills()

    @property
    def over(self) -> bool:
        """Nothing more is to be expected than what is in the pipes."""
        return self.outcome is not None or self.status is not None

    def fds(self) -> list:
        """What a poll must watch."""
        return self.logs.fds() + ([self._control.fileno()] if self._control_open else [])

    def read(self, fd: int) -> None:
        """Take what is there on one of `fds`."""
        if fd == self._control.fileno():
            self._read_control()
        else:
            self.logs.read(fd)

    def send(self, payload: bytes) -> None:
        """Hand the process its next message. A process that cannot take it ends, which is seen elsewhere."""
        try:
            frames.send(self._control.fileno(), payload)
        except OSError:
            self._control_open = False

    def ended(self, status: int) -> None:
        """The process is reaped. What it had sent before still counts."""
        while self._control_open and self.outcome is None:
            self._read_control()
        self.status = status

    def kill(self) -> None:
        if self.status is None:
            signals.kill(self.pid)

    def close(self) -> None:
        """Give the descriptors back, when this process is one of many."""
        self._control.close()
        self._control_open = False
        self.logs.close()

    def last_frame(self) -> bytes:
        """The payload that ends the call; `over` must be true."""
        return self.outcome if self.outcome is not None else encode(self._exit_error())

    def _read_control(self) -> None:
        try:
            data = self._control.recv(frames.READ_SIZE, _socket.MSG_DONTWAIT)
        except OSError:  # nothing there though the process has ended, or reset by its end
            data = b""
        if not data:
            self._control_open = False
            return
        try:
            self._messages.feed(data)
            self._take_messages()
        except frames.ProtocolError as error:
            self._give_up(str(error))

    def _take_messages(self) -> None:
        message = self._messages.take()
        while message is not None:
            if not message.startswith(self._token):
                raise frames.ProtocolError("a message that is not the agent's")
            self._accept(message[TOKEN_SIZE:])
            message = self._messages.take()

    def _accept(self, content: bytes) -> None:
        """The first message says that the handler is loaded, or is FAILED; the second is the outcome."""
        if not self.loaded:
            self.loaded = True
            self.failed = content == FAILED
        elif self.outcome is None:
            self.outcome = content

    def _give_up(self, fault: str) -> None:
        self._control_open = False
        self._fault = fault
        self.kill()

    def _exit_error(self) -> dict:
        error = {"type": "error", "kind": "exit", "errorType": "ProcessEnded", "stackTrace": []}
        if os.WIFSIGNALED(self.status):
            number = os.WTERMSIG(self.status)
            oom = number == signals.SIGKILL and memory.oom_kills() > self._kills_before
            error.update(signal=number, oom=oom, errorMessage=self._killed_message(number, oom))
        else:
            status = os.WEXITSTATUS(self.status)
            error.update(status=status, oom=False, errorMessage=self._exited_message(status))
        return error

    def _killed_message(self, number: int, oom: bool) -> str:
        if self._fault:
            return "the function's process wrote on the agent's channel (%s) and was stopped" % self._fault
        if oom:
            return "the function's process was killed because the container reached its memory limit"
        return "the function's process was killed by %s before it had answered" % signals.describe(number)

    @staticmethod
    def _exited_message(status: int) -> str:
        if status == CHANNEL_LOST:
            return "the function's process closed the agent's channel, so its answer is lost"
        return "the function's process ended with status %d before it had answered" % status


def start(settings, serve=None, kind=HandlerProcess) -> HandlerProcess:
    """Fork a process that runs `serve`, by default child.serve, and is seen by the supervisor as a `kind`."""
    token = os.urandom(TOKEN_SIZE)
    own, childs = open_ends()
    try:
        pid = os.fork()
    except OSError:
        close_ends(own + childs)
        raise
    if pid == 0:
        from wf_agent import child

        child.main(settings, childs, token, serve or child.serve)
    close_ends(childs)
    return seen_as(kind, pid, own, token, settings)


def open_ends() -> tuple:
    """The supervisor's ends of the channel, stdout and stderr of a process, and the process's ends."""
    ends = []
    try:
        ends += [end.detach() for end in _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)]
        ends += os.pipe()
        ends += os.pipe()
    except OSError:
        close_ends(ends)
        raise
    return tuple(ends[0::2]), tuple(ends[1::2])


def close_ends(ends) -> None:
    for fd in ends:
        os.close(fd)


def close_from(fd: int) -> None:
    """In a forked child: give back what it has inherited and does not need."""
    os.closerange(fd, max(map(int, os.listdir("/proc/self/fd"))) + 1)


def seen_as(kind, pid: int, own, token: bytes, settings) -> HandlerProcess:
    """A process that exists, from its pid and the supervisor's ends."""
    control, stdout, stderr = own
    for fd in (stdout, stderr):
        os.set_blocking(fd, False)
    logs = LogCapture({stdout: "stdout", stderr: "stderr"}, settings.log_limit)
    return kind(pid, _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, control), logs, token)
