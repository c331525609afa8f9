"""Frames on a non-blocking descriptor: what the other side cannot take yet waits here and holds nobody up."""

import os

from wf_agent.frames import HEADER
from wf_agent.loop import READ, WRITE


class Outbox:
    """Frames on their way to one descriptor. `callback` stays the one that the loop calls for it."""

    def __init__(self, loop, fd: int, callback):
        self._loop = loop
        self._fd = fd
        self._callback = callback
        self._data = []  # memoryviews
        loop.watch(fd, callback)

    @property
    def empty(self) -> bool:
        return not self._data

    def send(self, payload: bytes) -> None:
        """Raises OSError when the other side is gone, as `flush` does."""
        self._data.append(memoryview(len(payload).to_bytes(HEADER, "big") + payload))
        if len(self._data) == 1:
            self.flush()
            if self._data:
                self._loop.watch(self._fd, self._callback, READ | WRITE)

    def flush(self) -> None:
        """Write what can be written now."""
        if not self._data:
            return
        try:
            while self._data:
                self._data[0] = self._data[0][os.write(self._fd, self._data[0]) :]
                if not self._data[0]:
                    del self._data[0]
        except BlockingIOError:
            return
        self._loop.watch(self._fd, self._callback)
