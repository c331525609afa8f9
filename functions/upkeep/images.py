"""Images that no row needs, layers that builds have left, and rows whose image somebody has removed.

Nothing goes while something is being built: the engine may be about to use a layer, or a row about to name an image.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from functions.build import recipe
from functions.engine import labels
from functions.engine.docker import NoSuchImage
from functions.errors import Conflict
from functions.models import Image
from functions.models.image import ImageState
from functions.models.names import tag_of
from functions.upkeep.attempt import attempt
from functions.upkeep.found import ours

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.build.platform import Platform

logger = logging.getLogger(__name__)

NO_NAME = "<none>"  # the engine's word
UNNEEDED = (ImageState.ABSENT, ImageState.FAILED)  # states in which a row's image, if it names one, serves no call


def remove_orphans(platform: Platform) -> None:
    """Finished images that no row needs, such as the last version's."""
    listed = finished(platform)  # before the rows are read
    if is_building(platform):
        return
    rows = Image.objects.filter(node=platform.node).exclude(state__in=UNNEEDED)
    needed = set(rows.values_list("image_id", flat=True))
    _remove((image for image in listed if image not in needed), platform)


def finished(platform: Platform) -> list[str]:
    """Ids of the images that we have made of functions. What somebody has made of one of them has its labels, too."""
    found = platform.engine.images({**ours(platform), labels.ROLE: "function"})
    return [image["Id"] for image in found if _has_our_name(image)]


def _has_our_name(image: dict[str, Any]) -> bool:
    """Or none, as a version that another one has followed."""
    own = recipe.reference(tag_of(image["Labels"][labels.FUNCTION]))
    names = {name.rpartition(":")[0] for name in image["RepoTags"] or ()}
    return names <= {own, NO_NAME}


def remove_layers(platform: Platform) -> None:
    """Layers of builds that no image stands on: those of builds that were killed, and of images that have gone."""
    _remove(layers(platform), platform)


def layers(platform: Platform) -> list[str]:
    """The engine lists untagged images only when nothing stands on them. They carry no node: it is in the instance."""
    found = platform.engine.images({labels.INSTANCE: platform.instance, labels.ROLE: "build"})
    return [layer["Id"] for layer in found]


def _remove(images: Iterable[str], platform: Platform) -> None:
    for image_id in images:
        if is_building(platform):
            return
        attempt(_remove_one, image_id, platform)


def _remove_one(image_id: str, platform: Platform) -> None:
    try:
        platform.engine.remove_image(image_id)
    except Conflict as error:
        logger.info("image %s stays until the next sweep: %s", image_id, error.message)


def is_building(platform: Platform) -> bool:
    """Is a build under way on this node?"""
    return Image.objects.filter(node=platform.node, state=ImageState.BUILDING).exists()


def notice_lost(platform: Platform) -> None:
    """Rows whose image somebody has removed: the next call builds it again, instead of finding out."""
    ready = list(
        Image.objects.without_log().filter(node=platform.node, state=ImageState.READY)
    )  # before the engine is asked
    listed = {image["Id"] for image in platform.engine.images(ours(platform))}
    for row in ready:
        if row.image_id not in listed:
            attempt(_ask_for, row, platform)


def _ask_for(row: Image, platform: Platform) -> None:
    try:
        platform.engine.image(row.image_id)
    except NoSuchImage:
        Image.objects.lost(row.pk, row.image_id)
