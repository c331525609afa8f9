"""Containers: kept ones that shall not be kept any longer, and those that belong to nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from functions import liveness
from functions.engine.docker import NoSuchThing
from functions.models import Configuration, Execution, PoolEntry
from functions.models.function import Isolation
from functions.models.pool_entry import PoolKind, PoolState
from functions.pool import kept
from functions.pool.options import resolve
from functions.upkeep.attempt import attempt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.build.platform import Platform
    from functions.upkeep.found import Found

OWNED = (PoolState.STARTING, PoolState.CLAIMED)  # states in which a process is at a kept container


def retire(found: Found) -> None:
    """Kept containers that are over go; long-lived ones that no longer fit take no more calls and end by themselves."""
    platform = found.platform
    configuration = Configuration.objects.of(platform.node)
    running = {container.id for container in found.containers if not container.has_ended}
    over = _over(platform.node)
    for entry in PoolEntry.objects.filter(node=platform.node).select_related("image__function").defer("image__log"):
        is_suspect = entry.state not in OWNED and entry.container_id not in running
        if entry.pk in over or _is_left(entry) or (is_suspect and _has_ended(entry, platform)):
            attempt(end, entry, platform)
        elif entry.kind == PoolKind.LONG_LIVED and entry.state == PoolState.SERVING:
            attempt(_keep_up, entry, configuration, platform)


def _over(node: str) -> set[int]:
    now = timezone.now()
    idle_since = now - timedelta(seconds=settings.WF_NETWORK_IDLE_SECONDS)
    return set(PoolEntry.objects.retired(node, idle_since, now).values_list("pk", flat=True))


def is_in_hand(entry: PoolEntry) -> bool:
    """A process that lives is starting it, or uses it alone."""
    return entry.state in OWNED and entry.owner != "" and liveness.is_alive(entry.owner)


def _is_left(entry: PoolEntry) -> bool:
    """The process that started it, or used it alone, has died."""
    return entry.state in OWNED and not liveness.is_alive(entry.owner)


def _has_ended(entry: PoolEntry, platform: Platform) -> bool:
    """The engine's word: the list may be older than the container."""
    try:
        return not platform.engine.state(entry.container_id or entry.container_name).running
    except NoSuchThing:
        return True


def finish_ended(entries: Iterable[PoolEntry], platform: Platform) -> None:
    """Containers that drain and whose agent has ended are removed."""
    for entry in entries:
        if entry.state == PoolState.REMOVING and _has_ended(entry, platform):
            attempt(end, entry, platform)


def end(entry: PoolEntry, platform: Platform) -> None:
    """The container is killed and removed, whatever it does, and its row with it."""
    if entry.state == PoolState.REMOVING or PoolEntry.objects.begin_removal(entry):
        kept.finish(entry, platform)


def _keep_up(entry: PoolEntry, configuration: Configuration, platform: Platform) -> None:
    """A long-lived container that no call has met since something about it was changed."""
    lifetime_s = configuration.rest_container_life_time
    if not _fits(entry, configuration):
        kept.drain(entry, platform)
    elif entry.lifetime_s != lifetime_s and kept.tell_lifetime(entry, lifetime_s, platform):
        PoolEntry.objects.told(entry, lifetime_s)


def _fits(entry: PoolEntry, configuration: Configuration) -> bool:
    """Would the next call be served by it? While its image is being made anew, that is not known yet."""
    image = entry.image
    if image is None or not image.function.enabled:
        return False
    if not image.is_current:
        return True
    options = resolve(image.function, image, rest_mode=configuration.using_rest_mode)
    return options.isolation != Isolation.CONTAINER and entry.fingerprint == options.fingerprint(image)


def remove_orphans(found: Found) -> None:
    """Containers of calls that have ended, and kept ones without a row."""
    node = found.platform.node
    calls = {str(pk) for pk in Execution.objects.filter(node=node).open().values_list("pk", flat=True)}
    names = PoolEntry.objects.filter(node=node).values_list("container_id", "container_name")
    held = {name for pair in names for name in pair if name}
    for container in found.containers:
        is_held = container.execution in calls or bool(held & {container.id, container.name})
        if container.is_made_by_us and not is_held:
            attempt(found.platform.engine.remove, container.id)
