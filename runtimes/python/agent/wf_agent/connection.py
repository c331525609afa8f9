"""One connection of the worker to a long-lived agent: frames in, frames out, and its end."""

import _socket
import os

from wf_agent import frames
from wf_agent.loop import WRITE
from wf_agent.stream import Outbox


class Connection:
    """`owner` is told of every frame by `received(connection, payload)` and of the end by `lost(connection)`."""

    def __init__(self, loop, fd: int, family: int, owner):
        sock = _socket.socket(family, _socket.SOCK_STREAM, 0, fd)
        sock.setblocking(False)
        self.seat = None  # where its call runs, or will run
        self.is_ready = False  # the peer has been told
        self.call = None  # the payload of its call, once it has come
        self.running = False  # its call has begun and not ended
        self._sock = sock
        self._loop = loop
        self._owner = owner
        self._incoming = frames.FrameBuffer()
        self._finishing = False
        self._out = Outbox(loop, sock.fileno(), self._happened)

    def send(self, payload: bytes) -> None:
        try:
            self._out.send(payload)
        except OSError:
            pass  # the peer is gone, which the next read tells

    def finish(self) -> None:
        """Close after everything is sent; on TCP after the peer has closed, too.

        The end of the container would be faster than the last bytes.
        """
        self._finishing = True
        if self._out.empty:
            self._shut()

    def close(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.forget(self._sock.fileno())
            self._sock.close()

    def _shut(self) -> None:
        if self._sock.family == _socket.AF_UNIX:
            self._owner.lost(self)
            return
        try:
            self._sock.shutdown(_socket.SHUT_WR)
        except OSError:
            pass

    def _happened(self, event: int) -> None:
        try:
            if event & WRITE:
                self._flush()
            if event & ~WRITE:
                self._read()
        except (OSError, frames.ProtocolError):
            self._owner.lost(self)

    def _flush(self) -> None:
        self._out.flush()
        if self._finishing and self._out.empty:
            self._shut()

    def _read(self) -> None:
        try:
            data = os.read(self._sock.fileno(), frames.READ_SIZE)
        except BlockingIOError:
            return
        if not data:
            raise BrokenPipeError
        if not self._finishing:
            self._incoming.feed(data)
            payload = self._incoming.take()
            while payload is not None and not self._finishing:
                self._owner.received(self, payload)
                payload = self._incoming.take()
