"""The mode `container`: one process, one call, then the end."""

import os
import select
from time import monotonic, sleep

from wf_agent import AGENT_VERSION, frames
from wf_agent.codec import encode
from wf_agent.listener import FULL_S, accept

# For a peer that has connected just before the end of the lifetime and is about to call.
GRACE_S = 5


class LifetimeOver(Exception):
    """No call came in time."""


class OneCall:
    """Serves connections in turn until one of them has brought a call, or the lifetime is over."""

    def __init__(self, settings, listener, watch, process):
        self._listener = listener
        self._watch = watch
        self._process = process
        self._end = monotonic() + settings.lifetime_s if settings.lifetime_s else None
        self._until = self._end  # how long it waits at the moment
        self._ready = encode({"type": "ready", "runtime": settings.runtime, "agent_version": AGENT_VERSION})

    def serve(self) -> None:
        try:
            connection = self._accept()
            self._process.send(b"")  # somebody is there: load the handler
            while not self._serve_connection(connection):
                connection = self._accept()
        except LifetimeOver:
            self._process.kill()

    def _accept(self) -> int:
        self._until = self._end
        while True:
            if self._wait(self._listener.fileno(), select.POLLIN):
                try:
                    connection = accept(self._listener)
                except OSError:
                    sleep(FULL_S)
                    continue
                if connection is not None:
                    return connection

    def _serve_connection(self, connection: int) -> bool:
        """False when the peer did not bring a call."""
        try:
            self._until = None
            self._wait_until_loaded()
            self._until = self._end and max(self._end, monotonic() + GRACE_S)
            frames.send(connection, self._ready)
            call = self._read_call(connection)
            if call is not None:
                self._run(connection, call)
        except (OSError, frames.ProtocolError):
            call = None
        finally:
            os.close(connection)
        return call is not None

    def _wait_until_loaded(self) -> None:
        while not (self._process.loaded or self._process.over):
            self._wait()

    def _read_call(self, connection: int):
        """The payload of the peer's frame, or None when it has closed instead."""
        incoming = frames.FrameBuffer()
        payload = None
        while payload is None:
            if self._wait(connection, select.POLLIN):
                data = os.read(connection, frames.READ_SIZE)
                if not data:
                    return None
                incoming.feed(data)
                payload = incoming.take()
        return payload

    def _run(self, connection: int, call: bytes) -> None:
        """From here on the call counts as made: it must not run again, whatever happens to the connection."""
        self._until = None
        try:
            self._process.send(call)
            self._relay(connection)
        except OSError:  # the peer is gone, and nobody else may have the answer
            self._process.kill()

    def _relay(self, connection: int) -> None:
        while not self._process.over:
            gone = self._wait(connection, 0)  # no event asked for: only a hang-up is told
            if gone:
                raise BrokenPipeError
            self._send_all(connection, self._process.logs.take())
        self._send_all(connection, self._process.logs.finish())
        frames.send(connection, self._process.last_frame())

    @staticmethod
    def _send_all(connection: int, payloads: list) -> None:
        for payload in payloads:
            frames.send(connection, payload)

    def _wait(self, fd: int = -1, events: int = 0) -> bool:
        """Sleep until something happens. Takes what the handler's process has to say; True when it happened on `fd`."""
        poll = select.poll()
        for own in (self._watch.fd, *self._process.fds()):
            poll.register(own, select.POLLIN)
        if fd >= 0:
            poll.register(fd, events)
        ready = {found for found, _ in poll.poll(self._patience_ms())}
        for own in ready.intersection(self._process.fds()):
            self._process.read(own)
        if self._watch.fd in ready:
            self._note_ended(self._watch.reap())
        return fd in ready

    def _patience_ms(self):
        """Raises LifetimeOver when there is none left."""
        if self._until is None:
            return None
        left = self._until - monotonic()
        if left <= 0:
            raise LifetimeOver
        return int(left * 1000) + 1

    def _note_ended(self, ended: dict) -> None:
        if self._process.pid in ended:
            self._process.ended(ended[self._process.pid])
