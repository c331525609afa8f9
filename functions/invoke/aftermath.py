"""What follows a call, after its answer has left: the container goes, and upkeep is asked for."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from django.core.cache import cache as shared_cache
from django.db import connections

from functions import dispatch
from functions.build import catalog
from functions.invoke import network, record

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.invoke.call import Run
    from functions.invoke.launch import Container
    from functions.invoke.outcome import Outcome
    from functions.models import Function

logger = logging.getLogger(__name__)

THREADS = 2
SWEEP_INTERVAL_S = 30


def remove(container: Container) -> None:
    """The container is killed and removed soon; this returns at once. The next call shall find a network holder."""
    _after(container.remove)
    if container.spare_image:
        _after(lambda: network.refill(container.platform, container.spare_image))


def finish(run: Run, outcome: Outcome) -> None:
    """The record that the database did not take is written soon. If that fails too, its lease ends it."""
    _after(lambda: record.finish(run, outcome))


def look_around(function: Function) -> None:
    """Asks for a look at the function's package and for a sweep, when they are due."""
    _after(lambda: _ask(function))


def _ask(function: Function) -> None:
    if catalog.change_is_due(function):
        dispatch.enqueue("functions.tasks.check_source", function.pk)
    if shared_cache.add("sweep", True, SWEEP_INTERVAL_S):
        dispatch.enqueue("functions.tasks.sweep")


def _after(work: Callable[[], None]) -> None:
    _threads().submit(_quietly, work)


@cache
def _threads() -> ThreadPoolExecutor:
    """Its threads are joined when the process ends, so a clean stop leaves no container behind."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="aftermath")


def _quietly(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        logger.exception("work after a call failed; the next sweep finishes it")
    finally:
        connections.close_all()
