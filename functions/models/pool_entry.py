"""PoolEntry: a container that is kept ready. Its row exists before the container and until after it.

NETWORK: a holder of a ready network namespace, claimed by one call at a time, because what a function does in a
network must not meet another's: STARTING -> IDLE <-> CLAIMED.
PREWARMED: a container with its handler loaded, claimed once: STARTING -> IDLE -> CLAIMED.
LONG_LIVED: one container for all calls of a function, at most one at a time: STARTING -> SERVING.
Any of these -> REMOVING -> gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone

from functions import generation
from functions.models.image import Image

if TYPE_CHECKING:
    from datetime import datetime


class PoolKind(models.TextChoices):
    NETWORK = "network", "network holder"
    PREWARMED = "prewarmed", "pre-warmed container"
    LONG_LIVED = "long-lived", "long-lived container"


class PoolState(models.TextChoices):
    STARTING = "STARTING"
    IDLE = "IDLE"
    CLAIMED = "CLAIMED"
    SERVING = "SERVING"
    REMOVING = "REMOVING"


STARTS_AT_ONCE = 2  # pre-warmed containers that a node starts at the same time: calls need the engine, too


class PoolEntryQuerySet(models.QuerySet["PoolEntry"]):
    """Every transition: one conditional UPDATE, or an INSERT under a constraint, that says whether it was ours."""

    def live(self, node: str, kind: PoolKind) -> PoolEntryQuerySet:
        """Those that are ready or will be."""
        return self.filter(node=node, kind=kind).exclude(state=PoolState.REMOVING)

    def long_lived(self, image: Image) -> PoolEntry | None:
        """The image's one long-lived container, starting or serving."""
        states = (PoolState.STARTING, PoolState.SERVING)
        return self.filter(image=image, kind=PoolKind.LONG_LIVED, state__in=states).first()

    def begin_long_lived(self, image: Image, **fields: Any) -> PoolEntry | None:
        """A new row, STARTING; None when the image has one already."""
        return self._inserted(image=image, node=image.node, kind=PoolKind.LONG_LIVED, **fields)

    def begin_prewarmed(self, image: Image, **fields: Any) -> PoolEntry | None:
        """A new row, STARTING; None while the node starts as many pre-warmed containers as it may at once."""
        for slot in range(STARTS_AT_ONCE):
            entry = self._inserted(image=image, node=image.node, kind=PoolKind.PREWARMED, start_slot=slot, **fields)
            if entry:
                return entry
        return None

    def _inserted(self, **fields: Any) -> PoolEntry | None:
        try:
            with transaction.atomic():
                return self.create(**fields)
        except IntegrityError:
            return None

    def claim(
        self, node: str, kind: PoolKind, owner: str, *, lasting: datetime, lease: datetime, **wanted: Any
    ) -> PoolEntry | None:
        """IDLE -> CLAIMED until `lease`, one that does not end before `lasting`; None when there is none."""
        idle = self.filter(node=node, kind=kind, state=PoolState.IDLE, expires_at__gt=lasting, **wanted)
        claimed = {"state": PoolState.CLAIMED, "lease_expires_at": lease, "owner": owner}
        while entry := idle.order_by("-last_used_at").first():
            if self.filter(pk=entry.pk, state=PoolState.IDLE).update(**claimed):
                entry.state = PoolState.CLAIMED
                return entry
        return None

    def started(self, entry: PoolEntry, state: PoolState = PoolState.IDLE, **known: Any) -> bool:
        """STARTING -> IDLE or SERVING, with what is known of the container now."""
        starting = self.filter(pk=entry.pk, state=PoolState.STARTING)
        if starting.update(state=state, last_used_at=timezone.now(), **_FREE, **known) != 1:
            return False
        entry.state = state
        if entry.kind == PoolKind.LONG_LIVED:
            generation.changed()
        return True

    def told(self, entry: PoolEntry, lifetime_s: float) -> bool:
        """The agent of a long-lived container knows this idle lifetime now."""
        return self.filter(pk=entry.pk, state=PoolState.SERVING).update(lifetime_s=lifetime_s) == 1

    def release(self, pk: int) -> bool:
        """CLAIMED -> IDLE."""
        claimed = self.filter(pk=pk, state=PoolState.CLAIMED)
        return claimed.update(state=PoolState.IDLE, last_used_at=timezone.now(), **_FREE) == 1

    def begin_removal(self, entry: PoolEntry, until: datetime | None = None) -> bool:
        """The state that was seen -> REMOVING: the container goes, then the row.

        `until`: the container may finish what it has begun, at the latest then.
        """
        removing = {"state": PoolState.REMOVING, "lease_expires_at": until, "start_slot": None}
        if self.filter(pk=entry.pk, state=entry.state).update(**removing) != 1:
            return False
        entry.state = PoolState.REMOVING
        if entry.kind == PoolKind.LONG_LIVED:
            generation.changed()
        return True

    def retired(self, node: str, idle_since: datetime, now: datetime) -> PoolEntryQuerySet:
        """Those to remove: idle holders, containers at their end, and what was left by a process that died.

        The end of one that is claimed is its lease: an agent that has its call does not end by itself.
        """
        idle = Q(kind=PoolKind.NETWORK, state=PoolState.IDLE, last_used_at__lt=idle_since)
        removing = Q(state=PoolState.REMOVING, lease_expires_at__isnull=True)
        ended = Q(expires_at__lt=now) & ~Q(state=PoolState.CLAIMED)
        return self.filter(idle | removing | ended | Q(lease_expires_at__lt=now), node=node)


_FREE: dict[str, Any] = {"lease_expires_at": None, "owner": "", "start_slot": None}


class PoolEntry(models.Model):
    """One kept container on one node."""

    image = models.ForeignKey(Image, null=True, on_delete=models.SET_NULL, related_name="pool_entries")
    node = models.CharField(max_length=255)
    kind = models.CharField(max_length=16, choices=PoolKind)
    state = models.CharField(max_length=16, choices=PoolState, default=PoolState.STARTING)
    container_name = models.CharField(max_length=128)
    container_id = models.CharField(max_length=80, blank=True)
    address = models.CharField(max_length=64, blank=True, help_text="On our bridge.")
    folder = models.CharField(max_length=64, blank=True, help_text="The channel's folder, by its name.")
    fingerprint = models.CharField(max_length=64, blank=True, help_text="Of the image and the options it runs with.")
    lifetime_s = models.FloatField(null=True, help_text="The idle lifetime that its agent was last told.")
    owner = models.CharField(max_length=32, blank=True, help_text="The process that starts or uses it.")
    start_slot = models.PositiveSmallIntegerField(null=True)
    lease_expires_at = models.DateTimeField(null=True, help_text="When its present state is certainly over.")
    expires_at = models.DateTimeField(null=True, help_text="When the container ends by itself.")
    last_used_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[PoolEntryQuerySet] = PoolEntryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "pool entries"
        constraints = [
            models.UniqueConstraint(
                fields=["image"],
                condition=Q(kind="long-lived", state__in=("STARTING", "SERVING")),
                name="pool_entry_one_long_lived",
            ),
            models.UniqueConstraint(
                fields=["node", "start_slot"], condition=Q(start_slot__isnull=False), name="pool_entry_start_slots"
            ),
        ]
        indexes = [models.Index(fields=["node", "kind", "state"], name="pool_entry_idle")]

    def __str__(self) -> str:
        return self.container_name
