"""What a worker that starts finds of the last one: it goes on with what is sound, and removes the rest.

What was in progress has ended with its process, unless that lives: a `runserver` beside this worker is left alone. An
agent that listens answers within milliseconds; one that does not has a second, and its neighbours are asked meanwhile.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from django.utils import timezone

from functions.errors import WorkerFrontError
from functions.models import Configuration, PoolEntry
from functions.models.pool_entry import PoolKind, PoolState
from functions.pool import kept, prewarmed
from functions.upkeep import containers, leases, reaper
from functions.upkeep.attempt import attempt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.build.platform import Platform
    from functions.upkeep.found import Found

ASKED_AT_ONCE = 8
AT_REST = (PoolState.IDLE, PoolState.SERVING)


def at_start(platform: Platform) -> None:
    """Before the first call."""
    attempt(leases.expire, platform)
    if seen := reaper.look(platform):
        attempt(_adopt, seen)
        attempt(containers.remove_orphans, seen)
    reaper.collect(platform)


def _adopt(found: Found) -> None:
    """Kept containers that run and answer stay; the others go."""
    platform = found.platform
    running = {container.id for container in found.containers if not container.has_ended}
    lifetime_s = Configuration.objects.of(platform.node).rest_container_life_time
    entries = list(PoolEntry.objects.filter(node=platform.node))
    likely = [entry for entry in entries if _is_likely(entry) and entry.container_id in running]
    sound = set(_answering(likely, lifetime_s, platform))
    for entry in entries:
        if entry.pk not in sound and not containers.is_in_hand(entry):
            attempt(containers.end, entry, platform)
        elif entry.kind == PoolKind.LONG_LIVED:
            PoolEntry.objects.told(entry, lifetime_s)


def _is_likely(entry: PoolEntry) -> bool:
    return entry.state in AT_REST and (entry.expires_at is None or entry.expires_at > timezone.now())


def _answering(entries: Iterable[PoolEntry], lifetime_s: float, platform: Platform) -> list[int]:
    with ThreadPoolExecutor(ASKED_AT_ONCE, "reconcile") as asking:
        answers = asking.map(partial(_answers, lifetime_s=lifetime_s, platform=platform), entries)
        return [pk for pk in answers if pk is not None]


def _answers(entry: PoolEntry, lifetime_s: float, platform: Platform) -> int | None:
    """Its key if it does. Runs in a thread, and does not touch the database."""
    if entry.kind == PoolKind.NETWORK:
        is_sound = True  # it only sleeps
    elif entry.kind == PoolKind.LONG_LIVED:
        is_sound = kept.tell_lifetime(entry, lifetime_s, platform)
    else:
        is_sound = _is_ready(entry, platform)
    return entry.pk if is_sound else None


def _is_ready(entry: PoolEntry, platform: Platform) -> bool:
    """A connection that brings no call is only a question: the agent goes on waiting."""
    try:
        kept.container_of(entry, platform).open_ready(prewarmed.READY_LIMIT_S).close()
    except WorkerFrontError:
        return False
    return True
