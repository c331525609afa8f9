"""The pool of pre-warmed containers: filled up after calls, thinned out when its functions are no longer the latest."""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache as shared_cache
from django.db.models import F

from functions import dispatch
from functions.errors import RuntimeUnknown, WorkerFrontError
from functions.models import Configuration, Image, PoolEntry
from functions.models.function import Isolation
from functions.models.image import ImageState
from functions.models.pool_entry import PoolKind, PoolState
from functions.pool import kept, prewarmed
from functions.pool.options import Options, resolve
from functions.upkeep import policy
from functions.upkeep.attempt import attempt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from functions.build.platform import Platform

logger = logging.getLogger(__name__)

GONE = 0  # the key of no image
TURN_S = 10  # then other tasks of the queue have their turn
BACK_OFF_S = (1, 5, 30, 120)  # after so many starts of a function that failed in a row


class Pool:
    """What this node shall keep, and has, at one moment."""

    def __init__(self, platform: Platform) -> None:
        configuration = Configuration.objects.of(platform.node)
        self.options = _all_options(_images(platform.node), configuration)
        self.images = {image.pk: image for image, options in self.options.items() if _is_pooled(options)}
        self.targets = policy.pool_targets(
            [policy.Candidate(key, _used(image), self.options[image].memory) for key, image in self.images.items()],
            configuration.container_pool_limit,
            configuration.container_pool_num,
            settings.WF_POOL_MEMORY,
        )
        self.entries = list(PoolEntry.objects.live(platform.node, PoolKind.PREWARMED).order_by("pk"))

    def missing(self) -> list[int]:
        """Images with too few containers, one entry for each that is missing."""
        ready = Counter(map(self._current_image, filter(_is_ready_or_will_be, self.entries)))
        return policy.missing(self.targets, ready)

    def surplus(self) -> list[PoolEntry]:
        """Idle containers of functions that shall keep fewer, and those of another version or other options."""
        waiting: Mapping[int, list[int]] = defaultdict(list)
        idle = {entry.pk: entry for entry in self.entries if entry.state == PoolState.IDLE}
        for entry in idle.values():
            waiting[self._current_image(entry)].append(entry.pk)
        return [idle[pk] for pk in policy.surplus(self.targets, waiting)]

    def _current_image(self, entry: PoolEntry) -> int:
        image = self.images.get(entry.image_id or GONE)
        is_current = image is not None and entry.fingerprint == self.options[image].fingerprint(image)
        return image.pk if image and is_current else GONE


def _is_ready_or_will_be(entry: PoolEntry) -> bool:
    return entry.state != PoolState.CLAIMED


def _images(node: str) -> list[Image]:
    """Those that the next call would use."""
    ready = Image.objects.without_log().filter(
        node=node, state=ImageState.READY, version=F("function__version"), is_doomed=False
    )
    return list(ready.exclude(last_used_at=None).filter(function__enabled=True).select_related("function"))


def _all_options(images: Iterable[Image], configuration: Configuration) -> dict[Image, Options]:
    """Without images of a runtime whose plugin is no longer there."""
    found = {}
    for image in images:
        with suppress(RuntimeUnknown):
            found[image] = resolve(image.function, image, rest_mode=configuration.using_rest_mode)
    return found


def _is_pooled(options: Options) -> bool:
    return options.isolation == Isolation.CONTAINER


def _used(image: Image) -> float:
    return image.last_used_at.timestamp() if image.last_used_at else 0.0


def fill(platform: Platform) -> None:
    """Starts containers one by one until none is missing, none may be started now, or the turn is over.

    Those that nobody shall keep any more go first: they have the memory that others are to get.
    """
    deadline = time.monotonic() + TURN_S
    while time.monotonic() < deadline:
        pool = Pool(platform)
        thin_out(pool, platform)
        if not _start_one(pool, platform):
            return
    dispatch.enqueue_once(dispatch.FILL_POOL)


def thin_out(pool: Pool, platform: Platform) -> None:
    """Idle containers that nobody shall keep any more go."""
    for entry in pool.surplus():
        attempt(kept.discard, entry, platform)


def _start_one(pool: Pool, platform: Platform) -> bool:
    """False when there is nothing to start, or too much is being started."""
    for key in dict.fromkeys(pool.missing()):
        image = pool.images[key]
        if not shared_cache.get(_back_off(key)):
            entry = prewarmed.begin(image, pool.options[image])
            return entry is not None and _started(entry, image, pool.options[image], platform)
    return False


def _started(entry: PoolEntry, image: Image, options: Options, platform: Platform) -> bool:
    try:
        prewarmed.start(entry, image, options, platform)
    except WorkerFrontError as error:
        _note_failure(image, error)
    else:
        shared_cache.delete(_failures(image.pk))
    return True


def _note_failure(image: Image, error: WorkerFrontError) -> None:
    """The next start of this function waits, longer after each failure."""
    failures: int = shared_cache.get(_failures(image.pk), 0)
    wait_s = BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)]
    logger.warning("a pre-warmed container of %s did not start; the next in %s s: %s", image.tag, wait_s, error.message)
    shared_cache.set(_failures(image.pk), failures + 1, 3600)
    shared_cache.set(_back_off(image.pk), True, wait_s)


def _failures(key: int) -> str:
    return f"pool-failures-{key}"


def _back_off(key: int) -> str:
    return f"pool-back-off-{key}"
