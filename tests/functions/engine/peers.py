"""The other end of a channel: a thread that accepts one connection and does what a test says."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from functions.engine.channel import SOCKET_NAME

if TYPE_CHECKING:
    from pathlib import Path

Behaviour = Callable[[socket.socket], None]
LENGTH = struct.Struct(">I")


def frame(value: Any) -> bytes:
    """A frame as an agent sends it."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return LENGTH.pack(len(body)) + body


def sends(data: bytes) -> Behaviour:
    """A peer that sends these bytes and hangs up."""
    return lambda connection: connection.sendall(data)


def is_silent(connection: socket.socket) -> None:
    """A peer that says nothing and waits for the other end to hang up."""
    connection.recv(1)


@contextmanager
def listening_in(folder: Path, behaviour: Behaviour) -> Iterator[None]:
    """A unix socket as an agent makes it, in a folder whose path may be long."""
    server = socket.socket(socket.AF_UNIX)
    descriptor = os.open(folder, os.O_DIRECTORY)
    try:
        server.bind(f"/proc/self/fd/{descriptor}/{SOCKET_NAME}")
    finally:
        os.close(descriptor)
    with _serving(server, behaviour):
        yield


@contextmanager
def listening_on_tcp(behaviour: Behaviour) -> Iterator[int]:
    """A TCP port of this machine."""
    server = socket.create_server(("127.0.0.1", 0))
    with _serving(server, behaviour):
        yield server.getsockname()[1]


@contextmanager
def _serving(server: socket.socket, behaviour: Behaviour) -> Iterator[None]:
    server.listen()
    thread = threading.Thread(target=_serve, args=(server, behaviour), name="peer")
    thread.start()
    try:
        yield
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)  # wakes a thread to which nobody came
        thread.join()


def _serve(server: socket.socket, behaviour: Behaviour) -> None:
    with server:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection, suppress(OSError):  # the other end may hang up at any time
            behaviour(connection)
