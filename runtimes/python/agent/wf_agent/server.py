"""The worker's connections to a long-lived agent: each one waits for a place, brings a call, and gets its answer.

Where calls run is the business of `places`: pool.Pool or threads.Threads.
"""

# Not `collections`, which brings five modules with it: whatever is there is copied with each fork.
from _collections import deque
from time import monotonic

from wf_agent import AGENT_VERSION, frames
from wf_agent.codec import decode_head, encode
from wf_agent.connection import Connection
from wf_agent.lifetime import Lifetime
from wf_agent.listener import FULL_S, accept

# For peers that are about to call, or have not closed.
GRACE_S = 5
HEAD = ("type", "id", "lifetime_s")


class Server:
    def __init__(self, settings, loop, listener, places):
        self._loop = loop
        self._listener = listener
        self._places = places
        self._lifetime = Lifetime(settings.lifetime_s)
        self._waiting = deque()
        self._connections = set()
        self._in_flight = set()  # connections whose call is there and not answered
        self._listening = True
        self._deaf_until = None  # it listens and has no descriptor for another peer
        self._grace_until = 0  # of the last `ready`, the last answer, and the end of listening
        self._ready = encode({"type": "ready", "runtime": settings.runtime, "agent_version": AGENT_VERSION})

    def run(self) -> None:
        """Until the lifetime is over and nobody is left."""
        self._loop.watch(self._listener.fileno(), self._accept)
        left = self._time_left()
        while self._listening or left != 0:
            quiet = not self._loop.turn(self._patience(left))
            if self._deaf_until:
                self._hear_again()
            self._seat_waiting()
            self._places.tend(len(self._waiting), quiet)
            left = self._note_lifetime()

    # -- the end

    def _patience(self, left):
        deaf = self._deaf_until - monotonic() if self._deaf_until else None
        return min([time for time in (self._places.patience(), deaf, left) if time is not None], default=None)

    def _time_left(self):
        """Seconds until it has nothing to wait for any more; None as long as there is no such moment."""
        if self._in_flight or self._waiting:
            return None
        left = self._lifetime.left() if self._listening else 0
        if left is None:
            return None
        # Whoever has its `ready` may call; when it listens no more, everybody may still close.
        here = [peer for peer in self._connections if peer.seat] if self._listening else self._connections
        return max(left, self._grace_until - monotonic() if here else 0, 0)

    def _note_lifetime(self):
        """What `_time_left` says, and what follows from it."""
        left = self._time_left()
        if self._listening and (left == 0 or self._lifetime.draining):
            self._stop_listening()
            left = self._time_left()
        return left

    def _stop_listening(self) -> None:
        """Who has connected by now is served."""
        self._accept()
        self._listening, self._deaf_until = False, None
        self._loop.forget(self._listener.fileno())
        self._listener.close()
        self._give_grace()

    def _give_grace(self) -> None:
        self._grace_until = monotonic() + GRACE_S

    # -- connections

    def _accept(self, _event=None) -> None:
        fd = self._next_peer()
        while fd is not None:
            connection = Connection(self._loop, fd, self._listener.family, self)
            self._connections.add(connection)
            self._waiting.append(connection)
            self._places.load()
            self._seat_waiting()
            fd = self._next_peer()

    def _next_peer(self):
        try:
            return accept(self._listener)
        except OSError:
            self._loop.forget(self._listener.fileno())
            self._deaf_until = monotonic() + FULL_S
            return None

    def _hear_again(self) -> None:
        if monotonic() >= self._deaf_until:
            self._deaf_until = None
            self._loop.watch(self._listener.fileno(), self._accept)

    def _seat_waiting(self) -> None:
        while self._waiting:
            seat = self._places.take()
            if seat is None:
                return
            connection = self._waiting.popleft()
            connection.seat = seat
            if not connection.is_ready:
                connection.is_ready = True
                connection.send(self._ready)
            seat.count_kills()  # the peer needs a moment
            self._give_grace()
            if connection.call is not None:
                self._begin(connection)

    def received(self, connection, payload: bytes) -> None:
        head = decode_head(payload, HEAD)
        kind = head.get("type")
        if kind == "cancel" and connection.call is not None:
            self._cancel(connection)
        elif kind == "lifetime" and connection.call is None:
            self._change_lifetime(head.get("lifetime_s"))
            self._leave(connection)
            self._note_lifetime()  # before the peer can see that it has been heard
            connection.finish()
        elif kind == "call" and connection.call is None:
            self._take_call(connection, payload, head.get("lifetime_s"))
        else:
            raise frames.ProtocolError("a frame of type %r" % (kind,))

    def lost(self, connection) -> None:
        """Its end: either side has closed, or the peer has sent nonsense."""
        self._leave(connection)
        if connection.running:
            self._stop(connection)
        self._connections.discard(connection)
        connection.close()

    def _leave(self, connection) -> None:
        """It brings no call, or no more."""
        if connection.seat is None and connection in self._waiting:
            self._waiting.remove(connection)
        elif connection.seat and not connection.running:
            self._places.give_back(connection.seat)
            connection.seat = None
        if not connection.running:
            self._in_flight.discard(connection)

    def _change_lifetime(self, seconds) -> None:
        try:
            self._lifetime.change(seconds)
        except ValueError as error:
            raise frames.ProtocolError(str(error)) from None

    # -- calls

    def _take_call(self, connection, payload: bytes, lifetime_s) -> None:
        if lifetime_s is not None:
            self._change_lifetime(lifetime_s)
        connection.call = payload
        self._in_flight.add(connection)
        if connection.seat:
            self._begin(connection)

    def _begin(self, connection) -> None:
        seat = connection.seat
        if not self._places.call(seat, connection.call):  # there will be another one
            connection.seat = None
            self._waiting.appendleft(connection)
            return
        connection.running = True
        connection.call = b""
        seat.changed = lambda _: self._progress(connection)
        self._progress(connection)

    def _progress(self, connection) -> None:
        """Pass on what the call has brought."""
        if not connection.running:
            return
        seat = connection.seat
        over = seat.over
        for payload in seat.logs.finish() if over else seat.logs.take():
            connection.send(payload)
        if over:
            connection.send(seat.last_frame())
            self._stop(connection)
            connection.finish()
            if self._places.failed:
                self._lifetime.change(0)

    def _cancel(self, connection) -> None:
        if connection.running:
            self._stop(connection, connection.finish)
        else:
            self._leave(connection)
            connection.finish()

    def _stop(self, connection, farewell=None) -> None:
        """The call is over: answered, or given up."""
        seat, connection.seat = connection.seat, None
        connection.running = False
        self._in_flight.discard(connection)
        self._lifetime.call_ended()
        self._give_grace()
        self._places.end(seat, farewell)
