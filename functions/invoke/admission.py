"""How many calls this process serves at once. Who finds no slot waits a little, then is told to come back."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from functions import liveness
from functions.errors import Draining, NodeSaturated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.invoke.stages import Stages


def refuse_while_draining() -> None:
    """Raises Draining while the worker is being stopped: its supervisor says so to all processes by a file.

    The file of a supervisor that was killed meanwhile says nothing.
    """
    if not os.path.lexists(settings.WF_DRAINING):  # as ever, and sooner known than by an exception
        return
    with suppress(FileNotFoundError):
        supervisor = settings.WF_DRAINING.read_text()
        if supervisor and liveness.is_alive(supervisor):
            raise Draining


class Admission:
    """A counter of slots with a bounded wait (seconds).

    Who waits keeps a thread of the web server, and others queue up behind it, unseen. So once somebody has waited in
    vain nobody else does, until a slot gets free: the queue is told at once, and no wait is much longer than one.
    """

    def __init__(self, slots: int, wait_s: float) -> None:
        self._slots = threading.BoundedSemaphore(slots)
        self._wait_s = wait_s
        self._is_saturated = False

    @contextmanager
    def slot(self, stages: Stages) -> Iterator[None]:
        """Raises NodeSaturated when none gets free in time; the wait counts as time in the queue."""
        with stages.measure("queue"):
            self._is_saturated = not self._slots.acquire(timeout=0 if self._is_saturated else self._wait_s)
            if self._is_saturated:
                raise NodeSaturated
        try:
            yield
        finally:
            self._is_saturated = False
            self._slots.release()


@cache
def admission() -> Admission:
    """The slots of this process."""
    return Admission(settings.WF_MAX_CONCURRENT_CALLS, settings.WF_QUEUE_WAIT_SECONDS)
