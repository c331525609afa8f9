"""Records of calls go by age and by number, and never before their call has ended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from functions.models import Execution
from functions.models.execution import ExecutionState
from functions.upkeep import reaper, retention
from tests.functions.models import rows

if TYPE_CHECKING:
    from pytest_django import Settings

    from functions.build.platform import Platform

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture(autouse=True)
def _due() -> None:
    cache.delete("retention")


def ended(days_ago: float, node: str = "test-node", state: ExecutionState = ExecutionState.SUCCEEDED) -> Execution:
    return rows.execution(state, node=node, queued_at=NOW - timedelta(days=days_ago))


def left() -> set[object]:
    return set(Execution.objects.values_list("pk", flat=True))


def test_old_records_go_and_young_ones_open_ones_and_those_of_other_nodes_stay(
    platform: Platform, settings: Settings
) -> None:
    settings.WF_EXECUTIONS_DAYS = 3
    stay = [ended(2), ended(9, state=ExecutionState.RUNNING), ended(9, node="other")]
    ended(4)
    reaper.sweep(platform)
    assert left() == {row.pk for row in stay}


def test_of_too_many_records_the_latest_stay(platform: Platform, settings: Settings) -> None:
    settings.WF_EXECUTIONS_KEPT = 2
    made = [ended(age) for age in range(5)]
    ended(0, node="other")
    reaper.sweep(platform)
    assert {row.pk for row in made} & left() == {made[0].pk, made[1].pk}


def test_none_may_be_kept(platform: Platform, settings: Settings) -> None:
    settings.WF_EXECUTIONS_KEPT = 0
    running = ended(0, state=ExecutionState.RUNNING)
    ended(0)
    reaper.sweep(platform)
    assert left() == {running.pk}


def test_records_are_counted_once_a_minute(platform: Platform, settings: Settings) -> None:
    reaper.sweep(platform)
    settings.WF_EXECUTIONS_KEPT = 0
    row = ended(0)
    reaper.sweep(platform)
    assert left() == {row.pk}


def test_the_work_is_done_in_batches_until_the_turn_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    oldest_first = [ended(age).pk for age in range(9, 4, -1)]
    assert not retention.remove("test-node", NOW, 0)
    assert left() == set(oldest_first[2:])
    assert retention.remove("test-node", NOW, 60)
    assert left() == set()


def test_the_records_to_remove_are_found_through_an_index() -> None:
    if connection.vendor == "sqlite":
        wanted = Execution.objects.filter(node="n", queued_at__lte=NOW).order_by("queued_at")[:2]
        assert "execution_latest" in wanted.explain()
