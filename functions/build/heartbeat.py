"""A thread that keeps the lease of a build alive, and ends the build's row when its time is over."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import connections

from functions.errors import BuildTimeout
from functions.models import Image
from functions.models.image import BUILD_LEASE

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from functions.build.log import BuildLog

logger = logging.getLogger(__name__)

INTERVAL_S = BUILD_LEASE.total_seconds() / 4


@contextmanager
def heartbeat(pk: int, token: uuid.UUID, limit_s: float, log: BuildLog) -> Iterator[None]:
    """Renews the lease during a `with` block; after `limit_s` seconds the waiting callers hear of a timeout."""
    over = threading.Event()
    thread = threading.Thread(target=_beat, args=(pk, token, limit_s, log, over), name="build-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(pk: int, token: uuid.UUID, limit_s: float, log: BuildLog, over: threading.Event) -> None:
    deadline = time.monotonic() + limit_s
    try:
        while not over.wait(min(INTERVAL_S, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                message = f"The image was not built within {limit_s:g} s."
                Image.objects.fail(pk, token, code=BuildTimeout.code, error=message, log=log.text())
                return
            _renew(pk, token)
    finally:
        connections.close_all()


def _renew(pk: int, token: uuid.UUID) -> None:
    try:
        Image.objects.renew(pk, token)
    except Exception:
        logger.exception("the lease of a build could not be renewed; it is tried again")
