"""A clock that somebody sets must not end the leases of those who live."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.utils import timezone

from functions.models.execution import ExecutionState
from functions.upkeep import clock, reaper
from functions.upkeep.clock import JUMP_S, KEY, REST_S, Reading, judge
from tests.functions.models import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.build.platform import Platform


@pytest.fixture
def _forgotten() -> Iterator[None]:
    yield
    cache.delete(KEY)


def test_two_clocks_that_go_on_alike_are_no_jump() -> None:
    first = judge(None, wall=1000, monotonic=10)
    later = judge(first, wall=1000 + 3600 + JUMP_S / 2, monotonic=10 + 3600)
    assert (first.rests_until, later.rests_until) == (0, 0)


@pytest.mark.parametrize("jump", [JUMP_S + 1, -JUMP_S - 1, 86400])
def test_after_a_jump_leases_rest_for_a_while_and_not_for_ever(jump: float) -> None:
    jumped = judge(Reading(990), wall=1010 + jump, monotonic=20)
    assert jumped.rests_until == 20 + REST_S
    assert judge(jumped, wall=1020 + jump, monotonic=30) == jumped
    assert jumped.rests_until < 60


def test_a_machine_that_has_started_anew_does_not_rest_for_the_old_one_s_time() -> None:
    assert judge(Reading(0, rests_until=1e9), wall=1000, monotonic=5).rests_until == 5 + REST_S


@pytest.mark.django_db
@pytest.mark.usefixtures("_forgotten")
def test_a_sweep_after_a_jump_ends_no_lease(platform: Platform) -> None:
    row = rows.execution(ExecutionState.RUNNING, lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert clock.may_sweep()
    known = cache.get(KEY)
    cache.set(KEY, Reading(known.offset - 3600), timeout=None)
    reaper.sweep(platform)
    assert rows.snapshot(row)["state"] == "RUNNING"
    cache.set(KEY, Reading(known.offset), timeout=None)
    reaper.sweep(platform)
    assert rows.snapshot(row)["state"] == "ABANDONED"
