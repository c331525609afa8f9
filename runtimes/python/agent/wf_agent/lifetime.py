"""How long an agent lives without a call."""

from time import monotonic


class Lifetime:
    """Seconds from the start or the end of the last call. None lives for ever; 0, once asked for, ends at once."""

    def __init__(self, seconds):
        self._seconds = seconds
        self._since = monotonic()

    def change(self, seconds) -> None:
        """To be counted from the same moment. Raises ValueError for what is no number of seconds."""
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < float("inf"):
            raise ValueError("a lifetime of %r" % (seconds,))
        self._seconds = seconds

    def call_ended(self) -> None:
        self._since = monotonic()

    def left(self):
        """Seconds until the end when no call comes; None when there is no end."""
        if self._seconds is None:
            return None
        return max(0, self._since + self._seconds - monotonic())

    @property
    def draining(self) -> bool:
        """The worker has asked for the end, calls in flight or not."""
        return self._seconds == 0
