"""Agents that are threads: they listen on a real socket in a container's folder and keep to docs/agents.md.

A test says what happens on one connection; that a container's agent serves one call, or many at once, is done here.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.db import connections

from functions.engine.channel import SOCKET_NAME, Channel, ChannelClosed

if TYPE_CHECKING:
    from pathlib import Path

Agent = Callable[[Channel], None]
PATIENCE_S = 20.0


class AgentEnds(Exception):
    """Raised by a test's agent: its process ends here, and listens no more."""


def soon() -> float:
    """A deadline that a working test does not reach."""
    return time.monotonic() + PATIENCE_S


def takes_call(channel: Channel) -> dict[str, Any]:
    """Says that it is ready and waits for the call. Told to end instead, it does."""
    channel.send({"type": "ready"}, soon())
    frame = channel.receive(soon())
    if frame["type"] == "lifetime" and frame["lifetime_s"] == 0:
        raise AgentEnds
    return frame


def answering(*frames: dict[str, Any]) -> Agent:
    """An agent that says it is ready, takes the call, and sends these frames."""

    def serve(channel: Channel) -> None:
        takes_call(channel)
        for frame in frames:
            channel.send(frame, soon())

    return serve


HELLO = answering({"type": "result", "started_ms": 1.0, "ended_ms": 3.5, "value": "hello"})


class AgentThread:
    """One agent: it listens in the folder before this returns. `thread` lives as long as the agent does."""

    def __init__(self, folder: Path, agent: Agent, *, serves_many: bool) -> None:
        self._agent = agent
        self._serves_many = serves_many
        self._server = socket.socket(socket.AF_UNIX)
        self._ends: list[socket.socket] = [self._server]
        self._calls: list[threading.Thread] = []
        descriptor = os.open(folder, os.O_DIRECTORY)
        try:
            self._server.bind(f"/proc/self/fd/{descriptor}/{SOCKET_NAME}")  # a long path would not fit in 108 bytes
        finally:
            os.close(descriptor)
        self._server.listen()
        self.thread = threading.Thread(target=self._run, name="fake agent", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with self._server, suppress(OSError):  # it was told to stop
            while True:
                connection, _ = self._server.accept()
                self._ends.append(connection)
                if self._serves_many:
                    self._calls.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
                    self._calls[-1].start()
                elif self._serve(connection):
                    return
        for call in self._calls:  # told to end, it ends when these have ended
            call.join()

    def _serve(self, connection: socket.socket) -> bool:
        """True when there was a call, or something like it; False when somebody has only asked whether it is ready."""
        with connection:
            try:
                self._agent(Channel(connection))
            except ChannelClosed:
                return False
            except AgentEnds:
                _shut(self._server)
            except Exception:  # noqa: BLE001 -- a test that removes the container breaks the talk off
                return True
            finally:
                connections.close_all()  # an agent of a test may have looked into the database
        return True

    def stop(self) -> None:
        """Ends it as a kill would, with every talk that is under way."""
        while self.thread.is_alive() or any(call.is_alive() for call in self._calls):
            for end in list(self._ends):
                _shut(end)
            for thread in (self.thread, *self._calls):
                thread.join(0.05)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        end.shutdown(socket.SHUT_RDWR)
