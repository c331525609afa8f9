"""Rows in progress whose process has died, or whose lease is over, get their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from functions import liveness
from functions.models import Execution, Image

if TYPE_CHECKING:
    from functions.build.platform import Platform


def expire(platform: Platform) -> None:
    """Those of a process that died at once; those of an unknown process when their lease is over."""
    now = timezone.now()
    Image.objects.filter(node=platform.node).expire(now)
    calls = Execution.objects.filter(node=platform.node)
    calls.overdue(now).abandon()
    for owner in calls.owners():
        if not liveness.is_alive(owner):
            calls.filter(owner=owner).abandon()
    liveness.forget_dead()
