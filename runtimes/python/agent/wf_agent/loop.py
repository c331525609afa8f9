"""One poll over everything that a long-lived agent waits for: a callback for each descriptor."""

import select

READ = select.POLLIN
WRITE = select.POLLOUT


class Loop:
    """Callbacks take the events and must not block; what they read and write must be non-blocking."""

    def __init__(self):
        self._poll = select.poll()
        self._callbacks = {}

    def watch(self, fd: int, callback, events: int = READ) -> None:
        self._callbacks[fd] = callback
        self._poll.register(fd, events)

    def forget(self, fd: int) -> None:
        """Before the descriptor is closed, or soon after: its number may be another's next."""
        if self._callbacks.pop(fd, None):
            self._poll.unregister(fd)

    def turn(self, timeout_s=None) -> bool:
        """Wait for something and handle it; False when nothing came in time."""
        events = self._poll.poll(None if timeout_s is None else max(0, int(timeout_s * 1000 + 0.999)))
        # One callback may forget the descriptor of another, and its number may be used again.
        for fd, event, callback in [(fd, event, self._callbacks[fd]) for fd, event in events]:
            if self._callbacks.get(fd) is callback:
                callback(event)
        return bool(events)
