"""The channel to an agent: length-prefixed JSON frames over a unix socket or TCP (docs/agents.md). Knows no Docker.

Every wait has a deadline on the monotonic clock. What comes in is hostile: sizes are checked before they are believed.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from functions import strict_json
from functions.errors import StartTimeout, WorkerFrontError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Given = TypeVar("Given")
Got = TypeVar("Got")
MAX_FRAME = 16 << 20
SOCKET_NAME = "agent.sock"
CONNECT_LIMIT_S = 1.0
PIECE, LARGEST_PIECE = 16 << 10, 1 << 20
_LENGTH = struct.Struct(">I")
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.0005, 0.005
_SIGN_OF_LIFE_S = 0.5  # how often a boot that takes long is asked whether it still lives


class ChannelClosed(WorkerFrontError):
    """The agent closed the connection in the middle of a call."""


class ChannelBroken(WorkerFrontError):
    """The agent sent something that is no frame."""


class DeadlinePassed(WorkerFrontError):
    """The agent did not answer in time."""


@dataclass
class UnixAddress:
    """A folder of ours that the container sees, in which its agent makes a socket.

    `is_sealed`: the container can put nothing else in the socket's place any more.
    """

    folder: Path
    is_sealed: bool = False

    def connect(self) -> socket.socket:
        """Raises OSError until the agent listens."""
        if not self.is_sealed:
            self._seal()
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(CONNECT_LIMIT_S)  # an agent that never accepts lets its backlog fill up
            self._connect(connection)
        except OSError:
            connection.close()
            raise
        return connection

    def _connect(self, connection: socket.socket) -> None:
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            connection.connect(f"/proc/self/fd/{folder}/{SOCKET_NAME}")  # a long path would not fit in 108 bytes
        finally:
            os.close(folder)

    def _seal(self) -> None:
        """Takes the container's right to write in the folder, then looks at what it has put there."""
        if not os.path.lexists(self.folder / SOCKET_NAME):
            raise FileNotFoundError
        self.folder.chmod(0o555)
        found = (self.folder / SOCKET_NAME).lstat()
        if not stat.S_ISSOCK(found.st_mode):  # a link would lead us to a socket of the host
            raise ChannelBroken("The container put something else in the place of its agent's socket.")
        self.is_sealed = True


@dataclass(frozen=True)
class TcpAddress:
    """A container's address on our bridge."""

    host: str
    port: int

    def connect(self) -> socket.socket:
        """Raises OSError until the agent listens."""
        connection = socket.create_connection((self.host, self.port), timeout=CONNECT_LIMIT_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


Address = UnixAddress | TcpAddress


class Channel:
    """One connection: one call."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._held = bytearray()  # received, and not taken yet

    def send(self, frame: dict[str, Any], deadline: float) -> None:
        """Raises ChannelClosed or DeadlinePassed."""
        body = strict_json.dumps(frame).encode()
        self._until(deadline, self._connection.sendall, _LENGTH.pack(len(body)) + body)

    def receive(self, deadline: float) -> dict[str, Any]:
        """The next frame. Raises ChannelClosed, ChannelBroken or DeadlinePassed."""
        (length,) = _LENGTH.unpack(self._take(_LENGTH.size, deadline))
        if length > MAX_FRAME:
            raise ChannelBroken(f"The agent announced a frame of {length} bytes.")
        return _decoded(self._take(length, deadline))

    def await_end(self, deadline: float) -> None:
        """Reads to the end of the stream, whatever comes before it. Raises ChannelBroken or DeadlinePassed."""
        try:
            while True:
                self.receive(deadline)
        except ChannelClosed:
            return

    def close(self) -> None:
        self._connection.close()

    def _take(self, count: int, deadline: float) -> bytearray:
        while (missing := count - len(self._held)) > 0:
            self._held += self._received(max(missing, PIECE), deadline)
        if len(self._held) == count:  # as nearly always: it may be large
            taken, self._held = self._held, bytearray()
        else:
            taken = self._held[:count]
            del self._held[:count]
        return taken

    def _received(self, limit: int, deadline: float) -> bytes:
        """What is there, which may be more than one frame."""
        piece = self._until(deadline, self._connection.recv, min(limit, LARGEST_PIECE))
        if not piece:
            raise ChannelClosed
        return piece

    def _until(self, deadline: float, act: Callable[[Given], Got], given: Given) -> Got:
        left = deadline - time.monotonic()
        if left <= 0:
            raise DeadlinePassed
        self._connection.settimeout(left)
        try:
            return act(given)
        except TimeoutError as error:
            raise DeadlinePassed from error
        except OSError as error:
            raise ChannelClosed from error


def _decoded(body: bytearray) -> dict[str, Any]:
    try:
        frame = _parsed(body)
    except (ValueError, RecursionError) as error:
        raise ChannelBroken from error
    if not isinstance(frame, dict):
        raise ChannelBroken
    return frame


def _parsed(body: bytearray) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        # Python refuses whole numbers of thousands of digits; as floats they are infinite, and the result is refused.
        return json.loads(body, parse_int=float)


def connect(address: Address, deadline: float, still_alive: Callable[[], bool]) -> Channel:
    """Waits until the agent listens. Raises StartTimeout at the deadline, ChannelClosed when it is no longer alive."""
    pause, next_look = _FIRST_PAUSE_S, time.monotonic() + _SIGN_OF_LIFE_S
    while True:
        try:
            return Channel(address.connect())
        except OSError:
            now = time.monotonic()
        if now >= deadline:
            raise StartTimeout
        if now >= next_look:
            next_look = now + _SIGN_OF_LIFE_S
            if not still_alive():
                raise ChannelClosed
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE_S)
