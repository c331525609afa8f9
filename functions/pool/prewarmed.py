"""Pre-warmed containers: started, the handler loaded, waiting for the one call that each of them serves."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from functions import liveness
from functions.crashpoint import crashpoint
from functions.models import PoolEntry
from functions.models.pool_entry import PoolKind, PoolState
from functions.pool import kept

if TYPE_CHECKING:
    from functions.build.platform import Platform
    from functions.models import Image
    from functions.pool.options import Options

LIFETIME = timedelta(minutes=30)  # so long one waits; it ends by itself then, even when nothing of ours lives any more
MARGIN = timedelta(seconds=30)  # a call shall not meet the end of its container
CALL_GRACE = timedelta(minutes=1)
# A fresh container takes about a third of the time that this one takes in the background, where it makes a network of
# its own: waiting for one that is nearer to its end than that is sooner.
WORTH_WAITING = 1 / 3
PAUSE_S = 0.005
READY_LIMIT_S = 1.0  # one that waits has nothing left to do but to say so; one that is paused does not


def claim(image: Image, options: Options, platform: Platform) -> PoolEntry | None:
    """One for this call alone; None when there is none."""
    now = timezone.now()
    lease = now + timedelta(seconds=options.timeout_s + 2 * settings.WF_BOOT_TIMEOUT_SECONDS) + CALL_GRACE
    wanted = {"image": image, "fingerprint": options.fingerprint(image)}
    return PoolEntry.objects.claim(
        platform.node, PoolKind.PREWARMED, liveness.me(), lasting=now + MARGIN, lease=lease, **wanted
    )


def claim_soon(image: Image, options: Options, platform: Platform) -> PoolEntry | None:
    """The same, after a wait for one that is nearly there, when that is sooner than a fresh container."""
    deadline = time.monotonic() + _worth_waiting(image)
    while time.monotonic() < deadline:
        if entry := claim(image, options, platform):
            return entry
        time.sleep(PAUSE_S)
    return None


def _worth_waiting(image: Image) -> float:
    """Seconds; 0 when no container is nearly there."""
    pool = PoolEntry.objects.filter(image=image, kind=PoolKind.PREWARMED)
    last = pool.filter(last_used_at__isnull=False).order_by("-pk").first()
    starting = pool.filter(state=PoolState.STARTING).order_by("pk").first()
    if last is None or starting is None:
        return 0.0
    return wait_for(_age_s(starting.created_at, timezone.now()), _age_s(last.created_at, last.last_used_at))


def wait_for(age_s: float, start_s: float) -> float:
    """How long to wait for a start that began `age_s` ago, when the last one took `start_s`. Pure."""
    fresh_s = start_s * WORTH_WAITING
    return fresh_s if 0 <= start_s - age_s <= fresh_s else 0.0


def _age_s(since: datetime, until: datetime | None) -> float:
    return (until - since).total_seconds() if until else 0.0


def begin(image: Image, options: Options) -> PoolEntry | None:
    """A row for one more; None while the node starts as many as it may at once."""
    return PoolEntry.objects.begin_prewarmed(image, **kept.fields(image, options, LIFETIME.total_seconds()))


def start(entry: PoolEntry, image: Image, options: Options, platform: Platform) -> bool:
    """STARTING -> IDLE, with the handler loaded. False when it is no longer wanted."""
    ends = timezone.now() + LIFETIME
    container, channel = kept.started(entry, image, options, platform)
    channel.close()  # that was a question only: the agent waits for its call
    crashpoint("prewarmed-started")
    known = {"container_id": container.id, "address": container.address, "expires_at": ends}
    if PoolEntry.objects.started(entry, PoolState.IDLE, **known):
        return True
    kept.finish(entry, platform)  # its row was taken meanwhile: the pool was cleared
    return False
