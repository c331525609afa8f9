"""The processes of a long-lived agent as its supervisor sees them: watched by the loop, fed without blocking."""

import _socket
import sys

from wf_agent import frames
from wf_agent.loop import WRITE
from wf_agent.process import CONNECTIONS, FAILED, THREADS, HandlerProcess, close_ends
from wf_agent.stream import Outbox

# How many follow a word of the zygote's: pids and a status.
NUMBERS = {b"forked": 1, b"ended": 2}


class CallProcess(HandlerProcess):
    """A process for one call. `changed(process)` is called whenever it has said something, or has ended."""

    folder = ""  # its temporary folder
    busy = False  # it loads the handler, or serves a call
    finished = False  # nobody waits for anything more of it
    changed = None
    _heard = False  # what it prints is watched for

    def attach(self, loop, folder: str, changed) -> None:
        self.folder = folder
        self.changed = changed
        self._loop = loop
        self.logs.closing = loop.forget
        self._control.setblocking(False)
        self._outbox = Outbox(loop, self._control.fileno(), self._control_happened)

    def load(self) -> None:
        self.busy = True
        self._send(b"")

    def send(self, payload: bytes) -> bool:
        """The call. False when it has ended before."""
        self.busy = True
        return self._send(payload)

    def finish(self) -> None:
        """Nobody waits for anything more of it."""
        self.finished = True
        for fd in (self._control.fileno(), *self.logs.fds()):
            self._loop.forget(fd)

    def _send(self, payload: bytes) -> bool:
        try:
            self._outbox.send(payload)
        except OSError:  # it has ended, which is told elsewhere
            return False
        self._hear()
        return True

    def _hear(self) -> None:
        """From its first work on: a process that waits prints nothing, and a poll takes longer with each descriptor."""
        if not self._heard:
            self._heard = True
            for fd in self.logs.fds():
                self._loop.watch(fd, lambda event, fd=fd: self._take(fd))

    def _control_happened(self, event: int) -> None:
        if event & WRITE:
            try:
                self._outbox.flush()
            except OSError:
                pass
        if event & ~WRITE:
            self._take(self._control.fileno())

    def _take(self, fd: int) -> None:
        self.read(fd)
        if not self._control_open:
            self._loop.forget(self._control.fileno())
        self.changed(self)


class Zygote(CallProcess):
    """The process of zygote.py. `heard(word, numbers)` gets what it says about the children that it forks."""

    forks = False  # it has loaded the handler and may be forked
    hindrance = b""  # or why it may not
    heard = None

    def fork(self, request: bytes, ends) -> None:
        """Ask for one child, which gets the descriptors `ends`."""
        data = b"".join([fd.to_bytes(4, sys.byteorder) for fd in ends])
        try:
            self._control.sendmsg([request], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, data)])
        except OSError:
            pass  # it has ended, which is told elsewhere
        close_ends(ends)

    def _accept(self, content: bytes) -> None:
        word, *numbers = content.split(b" ")
        if self.loaded:  # it serves a call itself
            super()._accept(content)
        elif content in (FAILED, THREADS, CONNECTIONS):
            self.hindrance = content
            super()._accept(content)
        elif content == b"zygote":
            self.forks = True
        elif len(numbers) == NUMBERS.get(word) and all(map(bytes.isdigit, numbers)):
            self.heard(word, [int(number) for number in numbers])
        else:
            raise frames.ProtocolError("a message that is not the agent's")
