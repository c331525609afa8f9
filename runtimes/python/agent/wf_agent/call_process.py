"""The processes of a long-lived agent as its supervisor sees them: watched by the loop, fed without blocking."""

import _socket
import sys

from wf_agent.loop import WRITE
from wf_agent.process import HandlerProcess, close_ends
from wf_agent.stream import Outbox


class CallProcess(HandlerProcess):
    """A process for one call. `changed(process)` is called whenever it has said something, or has ended."""

    folder = ""  # its temporary folder
    called = False  # it has got its call
    finished = False  # nobody waits for anything more of it
    changed = None

    def attach(self, loop, folder: str, changed) -> None:
        self.folder = folder
        self.changed = changed
        self._loop = loop
        self.logs.closing = loop.forget
        for fd in self.logs.fds():
            loop.watch(fd, lambda event, fd=fd: self._take(fd))
        self._control.setblocking(False)
        self._outbox = Outbox(loop, self._control.fileno(), self._control_happened)

    def load(self) -> None:
        self._send(b"")

    def send(self, payload: bytes) -> None:
        """The call."""
        self.called = True
        self._send(payload)
        self.count_kills()

    def release(self) -> None:
        self._loop.forget(self._control.fileno())
        self.close()

    def _send(self, payload: bytes) -> None:
        try:
            self._outbox.send(payload)
        except OSError:
            pass  # it has ended, which is told elsewhere

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
    failed = False  # the handler could not be loaded
    heard = None

    def fork(self, request: bytes, ends) -> None:
        """Ask for one child, which gets the descriptors `ends`."""
        data = b"".join(fd.to_bytes(4, sys.byteorder) for fd in ends)
        try:
            self._control.sendmsg([request], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, data)])
        except OSError:
            pass  # it has ended, which is told elsewhere
        close_ends(ends)

    def _accept(self, content: bytes) -> None:
        word, *numbers = [content] if content.startswith(b"{") else content.split(b" ")
        if word == b"zygote":
            self.forks = True
        elif word in (b"forked", b"ended"):
            self.heard(word, [int(number) for number in numbers])
        else:
            self.failed = self.failed or word == b"failed"
            super()._accept(content)
