"""stdout and stderr of one call: read from pipes, cut at the limit, handed on as log frames."""

import codecs
import os

from wf_agent.codec import encode

# A byte that is not UTF-8 becomes a replacement of three bytes; a decoder holds up to three bytes back. So a chunk
# never gives more than the 64 KiB that a log frame may carry.
CHUNK = 65536 // 3 - 3
# The most that a pipe can hold for an unprivileged process. Draining stops there: a daemon may write for ever.
PIPE_CAPACITY = 1024 * 1024

STREAMS = ("stdout", "stderr")

_new_decoder = codecs.getincrementaldecoder("utf-8")


class LogCapture:
    """`pipes` maps the read end of a pipe to the stream's name; the ends must be non-blocking."""

    closing = None  # called with a descriptor before it is closed

    def __init__(self, pipes: dict, limit: int):
        self._open = dict(pipes)
        self._decoders = {name: _new_decoder("replace") for name in STREAMS}
        self._limit = limit
        self._room = limit
        self._pending = []  # [stream, bytes]; neighbours of one stream are joined, so that many small writes stay small
        self._notice = None

    def fds(self) -> list:
        """The pipes that may still bring something."""
        return list(self._open)

    def read(self, fd: int) -> int:
        """Read once; the number of bytes, 0 when there is nothing now."""
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return 0
        if data:
            self._keep(self._open[fd], data)
        else:
            self._close(fd)
        return len(data)

    def take(self) -> list:
        """Payloads of the log frames for everything read since the last time."""
        frames = [self._frame(name, self._decoders[name].decode(data)) for name, data in self._pending]
        self._pending = []
        if self._notice:
            frames.append(self._frame("stderr", self._notice))
            self._notice = None
        return [frame for frame in frames if frame]

    def finish(self) -> list:
        """The last log frames, with what is still in the pipes."""
        self.drain()
        frames = self.take()
        if self._room >= 0:  # when cut, the notice is the last word
            rest = [self._frame(name, decoder.decode(b"", True)) for name, decoder in self._decoders.items()]
            frames += [frame for frame in rest if frame]
        return frames

    def follow(self, earlier) -> None:
        """Begin with what an earlier capture has and has not handed on, and with the room that it has left."""
        earlier.drain()
        self._pending, earlier._pending = earlier._pending, []
        self._notice, self._room = earlier._notice, earlier._room

    def note(self, text: bytes) -> None:
        """A line of the agent's own."""
        self._append("stderr", text)

    def close(self) -> None:
        for fd in self.fds():
            self._close(fd)

    def _close(self, fd: int) -> None:
        if self.closing:
            self.closing(fd)
        del self._open[fd]
        os.close(fd)

    def drain(self) -> None:
        """Read what is in the pipes, without waiting for more."""
        for fd in self.fds():
            self._drain(fd)

    def _drain(self, fd: int) -> None:
        seen = 0
        got = self.read(fd)
        while got and seen < PIPE_CAPACITY:
            seen += got
            got = self.read(fd)

    def _keep(self, name: str, data: bytes) -> None:
        if self._room < 0:
            return
        if len(data) > self._room:
            self._notice = "[log cut at %d bytes]\n" % self._limit
        self._append(name, data[: self._room])
        self._room -= len(data)

    def _append(self, name: str, data: bytes) -> None:
        last = self._pending[-1] if self._pending else None
        if last and last[0] == name and len(last[1]) + len(data) <= CHUNK:
            last[1] += data
        else:
            self._pending.append([name, bytearray(data)])

    @staticmethod
    def _frame(name: str, text: str):
        return encode({"type": "log", "stream": name, "data": text}) if text else None
