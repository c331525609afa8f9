"""What a call wrote to stdout and stderr, as far as it is kept."""

from __future__ import annotations


class CallLog:
    """Text up to `limit` bytes, then a notice. The agent cuts too, but its word is not believed."""

    def __init__(self, limit: int) -> None:
        self._parts: list[str] = []
        self._left = limit
        self._limit = limit

    def add(self, text: str) -> None:
        """Appends, cutting at the limit."""
        if self._left < 0:
            return
        kept = text.encode("utf-8", "replace")[: self._left]
        self._parts.append(kept.decode("utf-8", "ignore").replace("\x00", "\ufffd"))
        self._left -= len(text.encode("utf-8", "replace"))
        if self._left < 0:
            self._parts.append(f"\n[log cut at {self._limit} bytes]\n")

    def text(self) -> str:
        return "".join(self._parts)
