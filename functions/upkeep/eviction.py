"""Images leave when their code does not fit, or when they are to go anyway. One that a call uses never does.

The row is EVICTING first: no new call finds the image then, and those that come wait for its end and build it again.
Layers stay until a sweep removes them when nothing is being built: what comes back soon is made of them in no time.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Exists

from functions.crashpoint import crashpoint
from functions.errors import Conflict, WorkerFrontError
from functions.models import Configuration, Execution, Image, PoolEntry
from functions.models.image import ImageState
from functions.pool import kept
from functions.upkeep import containers, found, policy
from functions.upkeep.attempt import attempt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.build.platform import Platform
    from functions.upkeep.found import Found

logger = logging.getLogger(__name__)

LEAVING_LIMIT_S, LEAVING_PAUSE_S = 3.0, 0.05  # containers of calls that have just ended are on their way out


def evict(found: Found) -> None:
    """Doomed images, and as many others as the limit asks for."""
    for image in _victims(found):
        attempt(_evict, image, found.platform)


def evict_now(platform: Platform) -> None:
    """The same outside of a sweep, when there is something to do."""
    limit = Configuration.objects.of(platform.node).user_code_size_limit
    if Image.objects.needs_eviction(platform.node, limit):
        evict(found.look(platform))


def _victims(found: Found) -> Iterable[Image]:
    node, theirs = found.platform.node, found.used_by_others()
    ready = Image.objects.without_log().filter(node=node, state=ImageState.READY)
    images = {image.pk: image for image in ready}
    busy = set(ready.filter(Exists(Execution.objects.of_images(node))).values_list("pk", flat=True))
    busy |= {pk for pk, image in images.items() if image.image_id in theirs}
    doomed = [pk for pk, image in images.items() if image.is_doomed and pk not in busy]
    staying = [_cached(image, is_busy=pk in busy) for pk, image in images.items() if pk not in doomed]
    limit = Configuration.objects.of(node).user_code_size_limit
    chosen = policy.victims(staying, limit, policy.EVICTION[settings.WF_CACHE_POLICY])
    return [images[pk] for pk in (*doomed, *chosen)]


def _cached(image: Image, *, is_busy: bool) -> policy.Cached:
    build_s = 0.0
    if image.built_at and image.build_started_at:
        build_s = (image.built_at - image.build_started_at).total_seconds()
    last_used = image.last_used_at.timestamp() if image.last_used_at else 0.0
    return policy.Cached(image.pk, image.code_size, last_used, build_s, is_busy)


def discard(image: Image, platform: Platform) -> None:
    """The image and its row go, whatever the limit. Raises Conflict while it is being built, or a call uses it."""
    if not Image.objects.begin_eviction(image):
        raise Conflict(f"{image.tag} is being built, or a call uses it.")
    try:
        _leave(image, platform)
    except Conflict as error:
        raise Conflict(f"{image.tag} is used by a container. Try again later.") from error
    image.delete()


def _evict(image: Image, platform: Platform) -> None:
    if not Image.objects.evict(image):
        return  # a call was sooner
    crashpoint("evicting")
    try:
        _leave(image, platform)
    except WorkerFrontError as error:
        logger.info("%s could not be removed yet: %s", image.tag, error.message)
    else:
        Image.objects.evicted(image.pk)
        logger.info("%s was evicted", image.tag)


def _leave(image: Image, platform: Platform) -> None:
    """Its containers end, and the engine forgets it. On an error its row no longer says that it is there."""
    try:
        _retire_containers(image, platform)
        if image.image_id:
            _remove(image, platform)
    except BaseException:
        Image.objects.give_up_eviction(image.pk)
        raise


def _retire_containers(image: Image, platform: Platform) -> None:
    """A long-lived container that has accepted a call at the last moment serves it, and ends."""
    for entry in PoolEntry.objects.filter(image=image):
        kept.drain(entry, platform)


def _remove(image: Image, platform: Platform) -> None:
    """Raises Conflict when a container goes on using it; then the orphans of a later sweep include it."""
    deadline = time.monotonic() + LEAVING_LIMIT_S
    while True:
        try:
            platform.engine.remove_image(image.image_id, keep_layers=True)
        except Conflict:
            if time.monotonic() >= deadline:
                raise
        else:
            return
        containers.finish_ended(PoolEntry.objects.filter(image=image), platform)
        time.sleep(LEAVING_PAUSE_S)
