"""One function whose calls find different places, and what a test wants to know of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.models import Configuration, PoolEntry
from tests.functions.models import rows

if TYPE_CHECKING:
    from functions.invoke.call import Answer
    from functions.models.pool_entry import PoolKind


def configure(**values: Any) -> None:
    assert Configuration.objects.change(Configuration.objects.of("test-node"), **values)


def way(answer: Answer) -> tuple[str, str]:
    """How the call ended, and what it found."""
    row = rows.snapshot(answer.execution)
    return row["error_code"] or row["state"], row["start_type"]


def kept(kind: PoolKind) -> list[str]:
    return [entry.state for entry in PoolEntry.objects.filter(kind=kind).order_by("pk")]
