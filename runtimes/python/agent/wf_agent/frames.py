"""Frames: a 4-byte big-endian length and that many bytes. What is in them is the business of others."""

import os

LIMIT = 16 * 1024 * 1024
HEADER = 4
# Of one read: for a buffer of twice the size the kernel would map memory, and unmap it, each time.
READ_SIZE = 65536


class ProtocolError(Exception):
    """The peer sent what cannot be a frame."""


def send(fd: int, payload: bytes) -> None:
    """Write one frame whole, however often the kernel takes only a part."""
    data = memoryview(len(payload).to_bytes(HEADER, "big") + payload)
    while data:
        data = data[os.write(fd, data) :]


class FrameBuffer:
    """Takes bytes as they arrive and gives whole payloads."""

    def __init__(self):
        self._data = bytearray()

    def feed(self, data: bytes) -> None:
        self._data += data

    def take(self):
        """The next payload, or None when it is not all there. Raises ProtocolError when it is longer than LIMIT."""
        if len(self._data) < HEADER:
            return None
        end = HEADER + int.from_bytes(self._data[:HEADER], "big")
        if end > HEADER + LIMIT:
            raise ProtocolError("a frame of %d bytes" % (end - HEADER))
        if len(self._data) < end:
            return None
        payload = bytes(self._data[HEADER:end])
        del self._data[:end]
        return payload
