"""Network holders: containers that do nothing but hold a network namespace on our bridge.

The engine needs longer to make a network than to start a process (benchmarks/README.md), so a call joins a holder's
when one is idle. One call at a time: ports and connections of two calls never meet. A call that finds none makes a
network of its own, and after its answer one more holder is started, up to a limit.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from functions import liveness
from functions.engine import host_config, labels
from functions.models import PoolEntry
from functions.models.pool_entry import PoolKind

if TYPE_CHECKING:
    from functions.build.platform import Platform

LIFETIME = timedelta(minutes=30)  # a holder ends by itself then, even when nothing of ours lives any more
START_LEASE = timedelta(minutes=2)
CALL_GRACE = timedelta(minutes=1)


def claim(platform: Platform, timeout_s: int) -> PoolEntry | None:
    """A holder for this call alone, that outlives it; None when none is idle."""
    until = timezone.now() + timedelta(seconds=timeout_s + 2 * settings.WF_BOOT_TIMEOUT_SECONDS) + CALL_GRACE
    return PoolEntry.objects.claim(platform.node, PoolKind.NETWORK, liveness.me(), lasting=until, lease=until)


def release(holder: PoolEntry) -> None:
    """The call's container is gone: the next call may have the network."""
    PoolEntry.objects.release(holder.pk)


def refill(platform: Platform, image: str) -> None:
    """Starts one more holder from any local image with a `sleep`, unless there are enough. The limit is not exact."""
    if PoolEntry.objects.live(platform.node, PoolKind.NETWORK).count() >= settings.WF_NETWORK_HOLDERS:
        return
    holder = PoolEntry.objects.create(
        node=platform.node,
        kind=PoolKind.NETWORK,
        container_name=f"wf-network__{secrets.token_hex(6)}",
        lease_expires_at=timezone.now() + START_LEASE,
        owner=liveness.me(),
    )
    try:
        _start(holder, platform, image)
    except BaseException:
        lose(holder)
        raise


def _start(holder: PoolEntry, platform: Platform, image: str) -> None:
    ends = timezone.now() + LIFETIME
    config = host_config.network_holder(
        image, labels.network(platform.instance, platform.node), int(LIFETIME.total_seconds())
    )
    holder.container_id = platform.engine.create(holder.container_name, config)
    platform.engine.start(holder.container_id)
    address = platform.engine.state(holder.container_id).address
    if not PoolEntry.objects.started(holder, container_id=holder.container_id, address=address, expires_at=ends):
        platform.engine.remove(holder.container_id)  # its row was taken meanwhile: the worker is stopping


def lose(holder: PoolEntry) -> None:
    """Nobody may claim it again; the next sweep removes it."""
    PoolEntry.objects.begin_removal(holder)
