"""Clearing on demand: what is kept and idle goes now, what serves a call when that has ended. No call fails.

Containers that are being started stay: a call may wait for them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.models import Image, PoolEntry
from functions.models.image import ImageState
from functions.models.pool_entry import PoolState
from functions.pool import kept
from functions.upkeep import containers, eviction

if TYPE_CHECKING:
    from functions.build.platform import Platform

END_LIMIT_S, END_PAUSE_S = 1.0, 0.02  # an idle agent that is told to end does so in milliseconds
CLEARABLE = (PoolState.IDLE, PoolState.SERVING)


@dataclass(frozen=True)
class Cleared:
    """Containers that are gone or end with their calls; images that are gone; images that go with the next sweeps."""

    containers: int
    images: int
    images_in_use: int


def clear(platform: Platform, *, reset_images: bool) -> Cleared:
    """Raises EngineUnavailable; what was begun then is finished by sweeps."""
    doomed = Image.objects.doom(platform.node) if reset_images else 0  # first: the pool is not filled up again
    cleared = _clear_containers(platform)
    if doomed:
        eviction.evict_now(platform)
    in_use = _doomed(platform.node)
    return Cleared(cleared, max(0, doomed - in_use), in_use)


def _doomed(node: str) -> int:
    return Image.objects.filter(node=node, state=ImageState.READY, is_doomed=True).count()


def _clear_containers(platform: Platform) -> int:
    cleared = [entry for entry in _idle(platform.node) if kept.drain(entry, platform)]
    _finish_ended([entry.pk for entry in cleared], platform)
    return len(cleared)


def _idle(node: str) -> list[PoolEntry]:
    return list(PoolEntry.objects.filter(node=node, state__in=CLEARABLE))


def _finish_ended(keys: list[int], platform: Platform) -> None:
    """Those that had no call end at once; the others are left to the sweeps."""
    draining = PoolEntry.objects.filter(pk__in=keys, state=PoolState.REMOVING)
    deadline = time.monotonic() + END_LIMIT_S
    while draining.exists() and time.monotonic() < deadline:
        containers.finish_ended(draining.all(), platform)
        time.sleep(END_PAUSE_S)
