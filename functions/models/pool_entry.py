"""PoolEntry: a container that is kept ready. Its row exists before the container and until after it.

STARTING -> IDLE <-> CLAIMED; any of them -> REMOVING -> gone. Kind NETWORK: a holder of a ready network namespace,
claimed by one call at a time, because what a function does in a network must not meet another's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from datetime import datetime


class PoolKind(models.TextChoices):
    NETWORK = "network", "network holder"


class PoolState(models.TextChoices):
    STARTING = "STARTING"
    IDLE = "IDLE"
    CLAIMED = "CLAIMED"
    REMOVING = "REMOVING"


class PoolEntryQuerySet(models.QuerySet["PoolEntry"]):
    """Every transition: one conditional UPDATE that says whether it was ours."""

    def live(self, node: str, kind: PoolKind) -> PoolEntryQuerySet:
        """Those that are ready or will be."""
        return self.filter(node=node, kind=kind).exclude(state=PoolState.REMOVING)

    def claim(self, node: str, kind: PoolKind, until: datetime) -> PoolEntry | None:
        """IDLE -> CLAIMED, one that lives until then; None when there is none."""
        idle = self.filter(node=node, kind=kind, state=PoolState.IDLE, expires_at__gt=until).order_by("-last_used_at")
        while entry := idle.first():
            if self.filter(pk=entry.pk, state=PoolState.IDLE).update(state=PoolState.CLAIMED, lease_expires_at=until):
                entry.state = PoolState.CLAIMED
                return entry
        return None

    def started(self, pk: int, *, container_id: str, address: str, expires_at: datetime) -> bool:
        """STARTING -> IDLE."""
        starting = self.filter(pk=pk, state=PoolState.STARTING)
        ready = {"container_id": container_id, "address": address, "expires_at": expires_at}
        return starting.update(state=PoolState.IDLE, last_used_at=timezone.now(), lease_expires_at=None, **ready) == 1

    def release(self, pk: int) -> bool:
        """CLAIMED -> IDLE."""
        claimed = self.filter(pk=pk, state=PoolState.CLAIMED)
        return claimed.update(state=PoolState.IDLE, last_used_at=timezone.now(), lease_expires_at=None) == 1

    def begin_removal(self, entry: PoolEntry) -> bool:
        """The state that was seen -> REMOVING: the container goes, then the row."""
        return self.filter(pk=entry.pk, state=entry.state).update(state=PoolState.REMOVING) == 1

    def retired(self, node: str, idle_since: datetime, now: datetime) -> PoolEntryQuerySet:
        """Those to remove: idle for long, at their end, or left by a process that died."""
        idle = models.Q(state=PoolState.IDLE, last_used_at__lt=idle_since)
        over = models.Q(expires_at__lt=now) | models.Q(lease_expires_at__lt=now) | models.Q(state=PoolState.REMOVING)
        return self.filter(idle | over, node=node)


class PoolEntry(models.Model):
    """One kept container on one node."""

    node = models.CharField(max_length=255)
    kind = models.CharField(max_length=16, choices=PoolKind)
    state = models.CharField(max_length=16, choices=PoolState, default=PoolState.STARTING)
    container_name = models.CharField(max_length=128)
    container_id = models.CharField(max_length=80, blank=True)
    address = models.CharField(max_length=64, blank=True)
    lease_expires_at = models.DateTimeField(null=True, help_text="When STARTING or CLAIMED is certainly over.")
    expires_at = models.DateTimeField(null=True, help_text="When the container ends by itself.")
    last_used_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[PoolEntryQuerySet] = PoolEntryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "pool entries"
        indexes = [models.Index(fields=["node", "kind", "state"], name="pool_entry_idle")]

    def __str__(self) -> str:
        return self.container_name
