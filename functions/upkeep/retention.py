"""Records of calls are kept for so many days, and so many of them. Open ones always stay."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache as shared_cache
from django.utils import timezone

from functions.models import Execution
from functions.models.execution import OPEN

if TYPE_CHECKING:
    from datetime import datetime

    from functions.build.platform import Platform

INTERVAL_S = 60  # counting means going through an index: not with each sweep
BATCH = 500  # rows of one statement: calls wait for the database no longer than that takes
TURN_S = 2.0  # then the other steps have their turn; the next sweep goes on


def trim(platform: Platform) -> None:
    """Old records go, the oldest first."""
    if not shared_cache.add("retention", True, INTERVAL_S):
        return
    if not remove(platform.node, _limit(platform.node), TURN_S):
        shared_cache.delete("retention")


def _limit(node: str) -> datetime:
    """Records of calls that came until then go."""
    by_age = timezone.now() - timedelta(days=settings.WF_EXECUTIONS_DAYS)
    latest = Execution.objects.filter(node=node).order_by("-queued_at").values_list("queued_at", flat=True)
    surplus = latest[settings.WF_EXECUTIONS_KEPT : settings.WF_EXECUTIONS_KEPT + 1]
    return max([by_age, *surplus])


def remove(node: str, until: datetime, limit_s: float) -> bool:
    """False when time was up before all were gone."""
    deadline = time.monotonic() + limit_s
    ended = Execution.objects.filter(node=node, queued_at__lte=until).exclude(state__in=OPEN)
    while keys := list(ended.order_by("queued_at").values_list("pk", flat=True)[:BATCH]):
        Execution.objects.filter(pk__in=keys).exclude(state__in=OPEN).delete()
        if time.monotonic() >= deadline:
            return False
    return True
