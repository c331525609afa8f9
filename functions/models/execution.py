"""Execution: the record of one call. Written before anything happens, ended exactly once, never changed after that."""

from __future__ import annotations

import time
import uuid
from functools import cache
from secrets import randbits
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from functions.errors import OutcomeUnknown
from functions.models import statements
from functions.models.function import Function

if TYPE_CHECKING:
    from datetime import datetime


class ExecutionState(models.TextChoices):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    CANCELLED = "CANCELLED"
    ABANDONED = "ABANDONED"


class StartType(models.TextChoices):
    """What the call found."""

    BUILT = "built", "built for this call"
    COLD = "cold", "a fresh container"
    PREWARMED = "prewarmed", "a pre-warmed container"
    WARM = "warm", "a long-lived container"


class Trigger(models.TextChoices):
    HTTP = "http"
    ADMIN = "admin"


OPEN = (ExecutionState.QUEUED, ExecutionState.RUNNING)
LEASED = Q(lease_expires_at__isnull=False)


def new_id() -> uuid.UUID:
    """A UUID of version 7 (RFC 9562). Later ones are larger: new rows lie beside each other in the index."""
    milliseconds, version, variant = time.time_ns() // 1_000_000, 7, 2
    return uuid.UUID(int=milliseconds << 80 | version << 76 | randbits(12) << 64 | variant << 62 | randbits(62))


class ExecutionQuerySet(models.QuerySet["Execution"]):
    """Every transition: one conditional UPDATE that says whether it was ours."""

    def enqueue(self, row: Execution) -> None:
        """A new row, QUEUED: before anything happens."""
        row.save(force_insert=True)

    def begin_at_once(self, row: Execution, **known: Any) -> None:
        """A new row, RUNNING, for a call that waits for nothing."""
        row.state, row.started_at = ExecutionState.RUNNING, timezone.now()
        for name, value in known.items():
            setattr(row, name, value)
        statements.insert(row)

    def begin(self, pk: uuid.UUID, **known: Any) -> bool:
        """QUEUED -> RUNNING. From here on the function may run, and is not run again unless it is `put_back`."""
        queued = self.filter(pk=pk, state=ExecutionState.QUEUED)
        return queued.update(state=ExecutionState.RUNNING, started_at=timezone.now(), **known) == 1

    def put_back(self, pk: uuid.UUID, **known: Any) -> bool:
        """RUNNING -> QUEUED, by the call itself, which has sent nothing yet: its container has just ended."""
        running = self.filter(pk=pk, state=ExecutionState.RUNNING)
        return running.update(state=ExecutionState.QUEUED, started_at=None, **known) == 1

    def finish(self, pk: uuid.UUID, state: ExecutionState, **outcome: Any) -> bool:
        """-> a terminal state, once."""
        ended = {"state": state, "finished_at": timezone.now(), "lease_expires_at": None, **outcome}
        key = self.model._meta.pk.get_db_prep_value(pk, connection)
        return _FINISH.run((key, *map(str, OPEN)), ended) == 1

    def open(self) -> ExecutionQuerySet:
        """Calls under way. They alone have a lease, and an index: among all the others nobody looks for them."""
        return self.filter(state__in=OPEN, lease_expires_at__isnull=False)

    def of_images(self, node: str) -> ExecutionQuerySet:
        """Calls under way of the function of each image of an outer query."""
        return self.open().filter(node=node, function=models.OuterRef("function"))

    def overdue(self, now: datetime) -> ExecutionQuerySet:
        """Calls whose lease ended without an outcome."""
        return self.open().filter(lease_expires_at__lt=now)

    def owners(self) -> set[str]:
        """The processes that serve the calls under way."""
        return set(self.open().order_by().values_list("owner", flat=True).distinct())

    def abandon(self) -> int:
        """Calls whose worker died get their end. Returns how many."""
        return self.open().update(
            state=ExecutionState.ABANDONED,
            finished_at=timezone.now(),
            lease_expires_at=None,
            error_code=OutcomeUnknown.code,
            error=models.Case(
                models.When(
                    state=ExecutionState.QUEUED, then=models.Value("The worker died before the function began.")
                ),
                default=models.Value("The worker died while the function may have run; whether it ended is unknown."),
            ),
        )


_FINISH = statements.Update(lambda: Execution.objects.filter(pk=uuid.UUID(int=0), state__in=OPEN))


class Execution(models.Model):
    """One call of a function, with its timings in milliseconds."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    call_id = models.CharField(max_length=128)
    function = models.ForeignKey(  # without an index of its own: `execution_of_function` begins with it
        Function, null=True, on_delete=models.SET_NULL, related_name="executions", db_index=False
    )
    function_name = models.CharField(max_length=64)
    version = models.CharField(max_length=64, blank=True)
    node = models.CharField(max_length=255)
    owner = models.CharField(max_length=32, blank=True, help_text="The process that serves the call.")
    trigger = models.CharField(max_length=16, choices=Trigger, default=Trigger.HTTP)
    state = models.CharField(max_length=16, choices=ExecutionState, default=ExecutionState.QUEUED)
    start_type = models.CharField(max_length=16, choices=StartType, blank=True)
    image_built = models.BooleanField(default=False)
    container_name = models.CharField(max_length=128, blank=True)
    image_name = models.CharField(max_length=80, blank=True)
    lease_expires_at = models.DateTimeField(
        null=True, help_text="When the call has certainly ended, whatever happened."
    )
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    queue_ms = models.FloatField(null=True)
    build_ms = models.FloatField(null=True)
    start_ms = models.FloatField(null=True)
    exec_ms = models.FloatField(null=True)
    function_ms = models.FloatField(null=True, help_text="The handler alone, by its agent's word.")
    status_code = models.PositiveIntegerField(null=True)
    error_code = models.CharField(max_length=32, blank=True)
    error = models.TextField(blank=True)
    event = models.TextField(blank=True, help_text="JSON; cut when long.")
    result = models.TextField(blank=True, help_text="JSON; cut when long.")
    log = models.TextField(blank=True)

    objects: ClassVar[ExecutionQuerySet] = ExecutionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-queued_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=OPEN, lease_expires_at__isnull=False)
                | (~Q(state__in=OPEN) & Q(lease_expires_at__isnull=True)),
                name="execution_leased_while_open",
            ),
        ]
        # SQLite takes a partial index only when the query says its condition word for word, which a list of states,
        # being parameters, never does.
        indexes = [
            models.Index(fields=["-queued_at"], name="execution_latest"),
            models.Index(fields=["function", "-queued_at"], name="execution_of_function"),
            models.Index(fields=["node", "function"], condition=LEASED, name="execution_open"),
        ]

    def __str__(self) -> str:
        return f"{self.function_name} {self.id}"

    @classmethod
    def draft(cls, **known: Any) -> Execution:
        """`Execution(**known)` in half of its time, which a warm call would notice. Keys are names of columns."""
        values: Any = {**_blank(), "id": new_id(), "queued_at": timezone.now(), **known}.values()
        return cls(*values)


@cache
def _blank() -> dict[str, Any]:
    """The columns, in their order, with their defaults."""
    return {field.attname: field.get_default() for field in Execution._meta.concrete_fields}
