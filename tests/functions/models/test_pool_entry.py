"""Kept containers: claimed by one caller at a time, and removed by whoever saw the state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from functions.models import PoolEntry
from functions.models.pool_entry import PoolKind, PoolState

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def entry(state: PoolState = PoolState.IDLE, **fields: Any) -> PoolEntry:
    now = timezone.now()
    known = {"node": "n", "kind": PoolKind.NETWORK, "container_name": "wf-network__1"}
    times = {"last_used_at": now, "expires_at": now + 30 * MINUTE}
    return PoolEntry.objects.create(state=state, **{**known, **times, **fields})


def soon() -> datetime:
    return timezone.now() + MINUTE


def claim(**wanted: Any) -> PoolEntry | None:
    """For a call that ends within a minute."""
    return PoolEntry.objects.claim("n", PoolKind.NETWORK, "me", lasting=soon(), lease=soon(), **wanted)


def state_of(row: PoolEntry) -> str:
    return PoolEntry.objects.get(pk=row.pk).state


@pytest.mark.parametrize("state", PoolState)
def test_only_an_idle_entry_is_claimed(state: PoolState) -> None:
    row = entry(state)
    claimed = claim()
    assert (claimed == row) is (state == PoolState.IDLE)
    assert state_of(row) == (PoolState.CLAIMED if state == PoolState.IDLE else state)
    assert claim() is None


def test_an_entry_that_would_end_before_the_call_is_not_claimed() -> None:
    entry(expires_at=timezone.now() + MINUTE / 2)
    assert claim() is None


def test_an_entry_of_another_node_is_not_claimed() -> None:
    entry(node="other")
    assert claim() is None


@pytest.mark.parametrize("state", PoolState)
def test_only_a_claimed_entry_is_released(state: PoolState) -> None:
    row = entry(state)
    assert PoolEntry.objects.release(row.pk) is (state == PoolState.CLAIMED)
    assert state_of(row) == (PoolState.IDLE if state == PoolState.CLAIMED else state)


@pytest.mark.parametrize("state", PoolState)
def test_only_a_starting_entry_gets_ready(state: PoolState) -> None:
    row = entry(state, lease_expires_at=soon())
    ready = {"container_id": "c", "address": "172.18.0.2", "expires_at": soon()}
    assert PoolEntry.objects.started(row, **ready) is (state == PoolState.STARTING)
    seen = PoolEntry.objects.get(pk=row.pk)
    assert (seen.address == "172.18.0.2") is (state == PoolState.STARTING)
    assert (seen.lease_expires_at is None) is (state == PoolState.STARTING)


def test_removal_needs_the_state_that_was_seen() -> None:
    row = entry()
    assert claim()
    assert not PoolEntry.objects.begin_removal(row)
    assert state_of(row) == PoolState.CLAIMED
    row.refresh_from_db()
    assert PoolEntry.objects.begin_removal(row)
    assert (state_of(row), row.state) == (PoolState.REMOVING, PoolState.REMOVING)
    assert PoolEntry.objects.get(pk=row.pk).lease_expires_at is None


@pytest.mark.parametrize(
    ("state", "fields", "is_retired"),
    [
        (PoolState.IDLE, {}, False),
        (PoolState.IDLE, {"last_used_at": timezone.now() - 2 * MINUTE}, True),
        (PoolState.CLAIMED, {"last_used_at": timezone.now() - 2 * MINUTE}, False),
        (PoolState.CLAIMED, {"lease_expires_at": timezone.now() - MINUTE}, True),
        (PoolState.STARTING, {"lease_expires_at": timezone.now() - MINUTE}, True),
        (PoolState.IDLE, {"expires_at": timezone.now() - MINUTE}, True),
        (PoolState.CLAIMED, {"expires_at": timezone.now() - MINUTE}, False),
        (PoolState.REMOVING, {}, True),
        (PoolState.REMOVING, {"node": "other"}, False),
    ],
)
def test_what_is_idle_for_long_over_or_left_behind_is_retired(
    state: PoolState, fields: dict[str, Any], is_retired: bool
) -> None:
    row, now = entry(state, **fields), timezone.now()
    assert (row in PoolEntry.objects.retired("n", now - MINUTE, now)) is is_retired
