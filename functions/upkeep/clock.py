"""Has somebody set the clock? Leases are times of day, because a database holds them: a jump would end them all.

The time of day and the monotonic clock go on by the same amount between two sweeps, whichever process runs them. When
they do not, leases are left alone for a while, so that those who live renew theirs. The lease of a call cannot be
renewed: one that still runs after that, and whose whole lease was jumped over, is closed as abandoned.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.core.cache import cache as shared_cache

KEY = "clock"
JUMP_S = 10.0  # slewing by NTP, and a pause between the two readings, stay below it
REST_S = 30.0  # builders renew their leases much more often


@dataclass(frozen=True)
class Reading:
    """The difference of the two clocks, and until when (monotonic) leases rest."""

    offset: float
    rests_until: float = 0.0


def may_sweep() -> bool:
    """False for a while after a jump."""
    now = time.monotonic()
    reading = judge(shared_cache.get(KEY), time.time(), now)
    shared_cache.set(KEY, reading, timeout=None)
    return reading.rests_until <= now


def judge(last: Reading | None, wall: float, monotonic: float) -> Reading:
    """The new reading. A machine that has started anew has had a jump as well. Pure."""
    offset = wall - monotonic
    if last is None:
        return Reading(offset)
    if abs(offset - last.offset) > JUMP_S:
        return Reading(offset, monotonic + REST_S)
    return Reading(offset, last.rests_until)
