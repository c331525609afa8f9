"""Entry points for the django-q2 workers, each safe to be delivered twice."""

from __future__ import annotations

import logging
import uuid

from functions import dispatch
from functions.build import builder, catalog
from functions.build.platform import platform
from functions.errors import WorkerFrontError
from functions.upkeep import eviction, filler, reaper

logger = logging.getLogger(__name__)


def build_image(image_pk: int, token: str) -> None:
    """Builds the image if the row still waits for this token. Its code may need the room of others."""
    builder.build(image_pk, uuid.UUID(token), platform())
    eviction.evict_now(platform())


def check_source(function_pk: int) -> None:
    """Looks whether the function's package has changed; a storage that does not answer is asked again later."""
    try:
        catalog.look_for_change(function_pk, platform().source)
    except WorkerFrontError as error:
        logger.warning("the package of function %s could not be looked at: %s", function_pk, error)


def sweep() -> None:
    """One pass of upkeep."""
    dispatch.begun(dispatch.SWEEP)
    reaper.sweep(platform())


def evict() -> None:
    """Images that are to go, or do not fit, go: at once, without the rest of a sweep."""
    dispatch.begun(dispatch.EVICT)
    eviction.evict_now(platform())


def fill_pool() -> None:
    """Starts pre-warmed containers until there are enough."""
    dispatch.begun(dispatch.FILL_POOL)
    filler.fill(platform())


def ask_for_sweep() -> None:
    """For the schedule, whose tasks run in the queue of builds: a sweep belongs where it delays none."""
    reaper.ask()


def beat() -> None:
    """Nothing: that it was done shows that the cluster takes tasks and reports them."""
