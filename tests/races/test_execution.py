"""A call begins once and ends once, whoever else is at its row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from functions.models import Execution
from functions.models.execution import ExecutionState
from tests.functions.models import rows
from tests.races import processes
from tests.races.windows import at_once, overtaken

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 20
PAST = timedelta(seconds=-1)


@pytest.fixture
def row() -> Execution:
    """A running call whose lease has just ended."""
    return rows.execution(ExecutionState.RUNNING, lease_expires_at=timezone.now() + PAST)


def test_a_call_begins_once() -> None:
    row = rows.execution()
    assert at_once([lambda: Execution.objects.begin(row.pk)] * PEOPLE).count(True) == 1


def test_a_call_ends_once(row: Execution) -> None:
    ends = [ExecutionState.SUCCEEDED, ExecutionState.FAILED, ExecutionState.TIMED_OUT, ExecutionState.CANCELLED] * 5
    ended = at_once([lambda end=end: Execution.objects.finish(row.pk, end, result=end.value) for end in ends])
    assert ended.count(True) == 1
    seen = rows.snapshot(row)
    assert seen["state"] == seen["result"] == ends[ended.index(True)]


def test_a_call_that_is_finished_and_abandoned_at_once_has_one_end(row: Execution) -> None:
    finished, abandoned = overtaken(
        lambda: Execution.objects.finish(row.pk, ExecutionState.SUCCEEDED, result="1"),
        lambda: Execution.objects.overdue(timezone.now()).abandon(),
    )
    assert (finished, abandoned) == (False, 1)
    seen = rows.snapshot(row)
    assert (seen["state"], seen["result"]) == (ExecutionState.ABANDONED, "")


def test_a_call_that_finishes_under_a_sweep_keeps_its_result(row: Execution) -> None:
    abandoned, finished = overtaken(
        lambda: Execution.objects.overdue(timezone.now()).abandon(),
        lambda: Execution.objects.finish(row.pk, ExecutionState.SUCCEEDED, result="1"),
    )
    assert (abandoned, finished) == (0, True)
    seen = rows.snapshot(row)
    assert (seen["state"], seen["result"], seen["error"]) == (ExecutionState.SUCCEEDED, "1", "")


def test_a_call_that_was_abandoned_under_its_begin_does_not_run() -> None:
    row = rows.execution(lease_expires_at=timezone.now() + PAST)
    begun, abandoned = overtaken(
        lambda: Execution.objects.begin(row.pk), lambda: Execution.objects.overdue(timezone.now()).abandon()
    )
    assert (begun, abandoned) == (False, 1)


def test_many_ends_and_sweeps_at_once_agree(row: Execution) -> None:
    finish = [lambda: Execution.objects.finish(row.pk, ExecutionState.SUCCEEDED)] * 10
    results = at_once([*finish, *[lambda: Execution.objects.overdue(timezone.now()).abandon()] * 10])
    assert sum(map(int, results)) == 1
    wanted = ExecutionState.SUCCEEDED if any(results[:10]) else ExecutionState.ABANDONED
    assert rows.snapshot(row)["state"] == wanted


def test_processes_at_once_agree_as_well(row: Execution) -> None:
    finish = f"Execution.objects.finish(UUID('{row.pk}'), ExecutionState.SUCCEEDED)"
    results = processes.at_once([finish, "Execution.objects.overdue(timezone.now()).abandon()"] * 2)
    assert sum(map(int, results)) == 1
    wanted = ExecutionState.SUCCEEDED if True in (results[0], results[2]) else ExecutionState.ABANDONED
    assert rows.snapshot(row)["state"] == wanted
