"""What follows a call, after its answer has left: the container goes, and upkeep is asked for."""

from __future__ import annotations

import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from django.core.cache import cache as shared_cache
from django.db import connections

from functions import dispatch
from functions.build import catalog
from functions.invoke import record
from functions.models import Image
from functions.models.execution import StartType
from functions.pool import kept, network

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.build.platform import Platform
    from functions.invoke.call import Run
    from functions.invoke.outcome import Outcome
    from functions.models import Function, PoolEntry
    from functions.pool.container import Container

logger = logging.getLogger(__name__)

THREADS = 2
SWEEP_INTERVAL_S = 30
ASK_INTERVAL_S = 1.0
_asked: dict[int, float] = {}  # when this process last asked on behalf of a function; `time.monotonic()`


def remove(container: Container) -> None:
    """The container is killed and removed soon; this returns at once. The next call shall find a network holder."""
    _after(container.remove)
    if container.spare_image:
        _after(lambda: network.refill(container.platform, container.spare_image))


def discard(entry: PoolEntry, platform: Platform) -> None:
    """The same for a kept container, with its row."""
    _after(lambda: kept.discard(entry, platform))


def finish(run: Run, outcome: Outcome) -> None:
    """The record that the database did not take is written soon. If that fails too, its lease ends it."""
    _after(lambda: record.finish(run, outcome))


def look_around(run: Run) -> None:
    """Asks for what upkeep is due after this call."""
    if _takes_room(run) or _is_due(run.function):
        _after(lambda: _ask(run))


def _takes_room(run: Run) -> bool:
    """It may have used up a pre-warmed container, or have kept an image that is too much. A warm one does neither."""
    has_limits = run.configuration.container_pool_limit > 0 or run.configuration.user_code_size_limit >= 0
    return has_limits and run.execution.start_type != StartType.WARM


def _is_due(function: Function) -> bool:
    """Once a second for a function: a call that follows another at once has nothing to ask for."""
    now, key = time.monotonic(), function.pk
    if _asked.get(key, -math.inf) + ASK_INTERVAL_S > now:
        return False
    _asked[key] = now
    return True


def _ask(run: Run) -> None:
    configuration = run.configuration
    if catalog.change_is_due(run.function):
        dispatch.enqueue("functions.tasks.check_source", run.function.pk)
    if shared_cache.add("sweep", True, SWEEP_INTERVAL_S):
        dispatch.enqueue_once(dispatch.SWEEP)
    if configuration.container_pool_limit > 0 and run.execution.start_type != StartType.WARM:
        dispatch.enqueue_once(dispatch.FILL_POOL)
    if Image.objects.needs_eviction(run.platform.node, configuration.user_code_size_limit):
        dispatch.enqueue_once(dispatch.EVICT)


def _after(work: Callable[[], object]) -> None:
    _threads().submit(_quietly, work)


@cache
def _threads() -> ThreadPoolExecutor:
    """Its threads are joined when the process ends, so a clean stop leaves no container behind."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="aftermath")


def _quietly(work: Callable[[], object]) -> None:
    try:
        work()
    except Exception:
        logger.exception("work after a call failed; the next sweep finishes it")
    finally:
        connections.close_all()
