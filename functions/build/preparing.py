"""Preparing: every function that the source storage lists is built before anybody calls it."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from django.db import connections

from functions.build import catalog, images
from functions.errors import FunctionNotFound, WorkerFrontError
from functions.models import Function, Image
from functions.models.names import checked
from functions.sources import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions.build.images import Ready
    from functions.build.platform import Platform

logger = logging.getLogger(__name__)

BUILDS_AT_ONCE = 2  # calls need the engine, too


@dataclass(frozen=True)
class Prepared:
    """What became of one name: an image, or an error."""

    name: str
    ready: Ready | None = None
    error: WorkerFrontError | None = None


def prepare(platform: Platform) -> Sequence[Prepared]:
    """Waits for all of them. Raises SourceInvalid, StorageUnavailable, NotFound when the list cannot be read."""
    names = listing.wanted(platform.source)
    with ThreadPoolExecutor(BUILDS_AT_ONCE, "prepare") as building:
        return list(building.map(partial(_prepared, platform=platform), names))


def _prepared(name: str, platform: Platform) -> Prepared:
    """Runs in a thread: whatever goes wrong is told of this name."""
    try:
        return Prepared(name, ready=_ready(checked(name), platform))
    except WorkerFrontError as error:
        return Prepared(name, error=error)
    except Exception:
        logger.exception("%s could not be prepared", name)
        return Prepared(name, error=WorkerFrontError())
    finally:
        connections.close_all()


def _ready(name: str, platform: Platform) -> Ready:
    """An image of the package that lies there now; a failed build is tried anew."""
    function = catalog.find(name, platform.source)
    catalog.look_for_change(function.pk, platform.source)
    Image.objects.retry_now(Image.objects.of(function, platform.node).pk)
    known = Function.objects.filter(pk=function.pk).first()
    if known is None:
        raise FunctionNotFound
    return images.ensure(known, platform)
