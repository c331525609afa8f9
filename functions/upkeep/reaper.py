"""`sweep`: one pass over everything that calls and builds leave behind. Each step and each item fails alone.

Only what carries the labels of this instance and node, and was made by us, is touched (docs/upkeep.md).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from functions import dispatch
from functions.models import PoolEntry
from functions.upkeep import clock, containers, eviction, files, filler, found, images, leases, retention
from functions.upkeep.attempt import attempt

if TYPE_CHECKING:
    from functions.build.platform import Platform

logger = logging.getLogger(__name__)


def sweep(platform: Platform) -> None:
    """One pass. Safe to run twice at once."""
    if not clock.may_sweep():
        logger.warning("the clock was set: leases rest for %s s", clock.REST_S)
        return
    seen = look(platform)
    attempt(leases.expire, platform)
    if seen:
        for step in (containers.retire, eviction.evict):
            attempt(step, seen)
        attempt(filler.fill, platform)
        attempt(containers.remove_orphans, seen)
    collect(platform)
    attempt(retention.trim, platform)


def ask() -> None:
    """A sweep soon."""
    dispatch.enqueue_once(dispatch.SWEEP)


def look(platform: Platform) -> found.Found | None:
    """None when the engine does not answer: what needs the list is left to the next sweep."""
    try:
        return found.look(platform)
    except Exception:
        logger.exception("upkeep: the containers could not be listed")
        return None


def collect(platform: Platform) -> None:
    """Images, layers and folders that belong to nobody."""
    for step in (images.notice_lost, images.remove_orphans, images.remove_layers):
        attempt(step, platform)
    for step in (files.remove_channels, files.remove_work):
        attempt(step, platform)


def clear_out(platform: Platform) -> None:
    """At a stop: what is kept goes, and so do the containers of calls that were not waited for."""
    attempt(leases.expire, platform)
    if seen := look(platform):
        attempt(containers.remove_orphans, seen)
    for entry in PoolEntry.objects.filter(node=platform.node):
        if not containers.is_in_hand(entry):
            attempt(containers.end, entry, platform)
