"""Moving a package's bytes within limits of size and time."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Self

from functions.errors import SourceInvalid, StorageUnavailable
from functions.sources.limits import readable

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 64 << 10


@dataclass(frozen=True)
class Received:
    """What has arrived."""

    size: int  # bytes
    sha256: str


class Deadline:
    """A moment on the monotonic clock. As a context manager it also ends what `guard` watches."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._timers: list[threading.Timer] = []

    def check(self) -> None:
        """Raises StorageUnavailable when the moment has passed."""
        if time.monotonic() >= self._end:
            raise StorageUnavailable(f"The source storage took longer than {self._seconds:g} s.")

    def guard(self, connection: socket.socket) -> None:
        """Wakes whoever still reads from this connection at the deadline.

        A read timeout alone never ends a peer that sends one byte now and then.
        """
        timer = threading.Timer(max(0, self._end - time.monotonic()), _shut_down, (connection,))
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for timer in self._timers:
            timer.cancel()


def _shut_down(connection: socket.socket) -> None:
    # The plain method on purpose: the one of a TLS socket takes its TLS layer away under the reader's feet.
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def check_size(name: str, size: int, limit: int) -> None:
    """Raises SourceInvalid for an object above the limit (both in bytes)."""
    if size > limit:
        raise SourceInvalid(f"{name} is larger than {readable(limit)}.")


def copy(name: str, read: Callable[[int], bytes], target: BinaryIO, limit: int, deadline: Deadline) -> Received:
    """Copies until `read` gives b"". Raises SourceInvalid above `limit` bytes, StorageUnavailable when it is late."""
    size, digest = 0, hashlib.sha256()
    while chunk := read(CHUNK):
        size += len(chunk)
        check_size(name, size, limit)
        deadline.check()
        digest.update(chunk)
        target.write(chunk)
    deadline.check()  # a guarded connection looks finished when it was ended
    return Received(size, digest.hexdigest())
