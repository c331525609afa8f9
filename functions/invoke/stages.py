"""Where a call's time goes: queue, build, start, exec. Milliseconds on the monotonic clock."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stages:
    """Adds up the time spent in each stage since the request's arrival (`time.monotonic()` seconds)."""

    NAMES = ("queue", "build", "start", "exec")

    def __init__(self, arrived: float) -> None:
        self._arrived = arrived
        self.spent_ms: dict[str, float] = {}

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Adds the time of a `with` block to a stage."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.spent_ms[stage] = self.spent_ms.get(stage, 0.0) + (time.monotonic() - began) * 1000

    def total_ms(self) -> float:
        """Since arrival."""
        return (time.monotonic() - self._arrived) * 1000
