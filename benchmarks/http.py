"""An HTTP client that takes little time of its own: a twentieth of a millisecond, where `http.client` takes three times
as much. Both systems of a comparison are asked through it.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE = 64 << 10
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


@dataclass(frozen=True)
class Reply:
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """Raises ValueError when there is none."""
        found = re.search(rb"\r\n%b: *([^\r]*)\r\n" % name.encode(), self.head, re.IGNORECASE)
        if not found:
            raise ValueError(f"no header {name} in {self.head!r}")
        return found[1].decode()


class Connection:
    """A kept connection; `post` sends one JSON body and takes an answer that has a Content-Length."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, path: str, body: bytes) -> Reply:
        """Raises ValueError for any status but 200."""
        lines = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        )
        self._socket.sendall(lines.encode() + b"\r\n\r\n" + body)
        head, _, content = self._more_until(lambda got: b"\r\n\r\n" in got, b"").partition(b"\r\n\r\n")
        head += b"\r\n"
        length = _LENGTH.search(head)
        if not head.startswith(b"HTTP/1.1 200 ") or not length:
            raise ValueError(f"{head!r} {content!r}")
        return Reply(head, self._more_until(lambda got: len(got) >= int(length[1]), content))

    def _more_until(self, is_whole: Callable[[bytes], bool], got: bytes) -> bytes:
        while not is_whole(got):
            piece = self._socket.recv(PIECE)
            if not piece:
                raise ValueError(f"the connection ended after {got!r}")
            got += piece
        return got

    def close(self) -> None:
        self._socket.close()
