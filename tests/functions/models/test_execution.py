"""The record of a call: begun once, ended once, and never changed after that."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.db.models import Exists
from django.utils import timezone

from functions.models import Execution, Image
from functions.models.execution import OPEN, ExecutionState, new_id
from tests.functions.models import rows

pytestmark = pytest.mark.django_db

TERMINAL = [state for state in ExecutionState if state not in OPEN]
LATER = timedelta(hours=1)


@pytest.mark.parametrize("state", ExecutionState)
def test_only_a_queued_call_begins(state: ExecutionState) -> None:
    row = rows.execution(state)
    before = rows.snapshot(row)
    assert Execution.objects.begin(row.pk, version="v") is (state == ExecutionState.QUEUED)
    if state != ExecutionState.QUEUED:
        assert rows.snapshot(row) == before


def test_beginning_says_when_and_with_what() -> None:
    row, now = rows.execution(), timezone.now()
    assert Execution.objects.begin(row.pk, version="v", container_name="hf_w1__1")
    seen = rows.snapshot(row)
    assert (seen["state"], seen["version"], seen["container_name"]) == (ExecutionState.RUNNING, "v", "hf_w1__1")
    assert seen["started_at"] >= now
    assert not Execution.objects.begin(row.pk)


def test_a_call_that_waits_for_nothing_is_running_from_the_start() -> None:
    row, lease = Execution(call_id="c", function_name="W1", node="n"), timezone.now() + LATER
    before = timezone.now()
    Execution.objects.begin_at_once(row, lease_expires_at=lease)
    seen = rows.snapshot(row)
    assert (seen["state"], seen["lease_expires_at"]) == (ExecutionState.RUNNING, lease)
    assert before <= seen["started_at"] <= timezone.now()
    assert not Execution.objects.begin(row.pk)
    assert Execution.objects.finish(row.pk, ExecutionState.SUCCEEDED)


@pytest.mark.parametrize("state", ExecutionState)
def test_only_a_running_call_is_put_back(state: ExecutionState) -> None:
    row, lease = rows.execution(state), timezone.now() + LATER
    before = rows.snapshot(row)
    assert Execution.objects.put_back(row.pk, lease_expires_at=lease) is (state == ExecutionState.RUNNING)
    after = rows.snapshot(row)
    if state == ExecutionState.RUNNING:
        assert (after["state"], after["started_at"], after["lease_expires_at"]) == ("QUEUED", None, lease)
        assert Execution.objects.begin(row.pk)
    else:
        assert after == before


def test_a_draft_is_what_the_model_makes() -> None:
    known = {"call_id": "c", "function_name": "F", "node": "n", "event": "{}"}
    drafted, made = (row.__dict__ for row in (Execution.draft(**known), Execution(**known)))
    assert list(drafted) == list(made)
    assert {name for name in made if made[name] != drafted[name]} == {"_state", "id", "queued_at"}
    assert (drafted["_state"].adding, drafted["_state"].db) == (True, None)
    with pytest.raises((IndexError, TypeError)):
        Execution.draft(**known, no_such_column=1)


def test_ids_are_of_version_7_and_grow() -> None:
    ids = []
    for _ in range(5):
        ids.append(new_id())
        time.sleep(0.002)
    assert ids == sorted(ids)
    assert {(one.version, one.variant) for one in ids} == {(7, uuid.RFC_4122)}
    assert abs(int(ids[-1].hex[:12], 16) - time.time() * 1000) < 60_000


@pytest.mark.parametrize(("state", "lease"), [(state, None) for state in OPEN] + [(state, LATER) for state in TERMINAL])
def test_only_open_calls_have_a_lease(state: ExecutionState, lease: timedelta | None) -> None:
    lease_expires_at = timezone.now() + lease if lease else None
    with pytest.raises(IntegrityError, match="execution_leased_while_open"):
        rows.execution(state, lease_expires_at=lease_expires_at)


def test_open_calls_are_found_among_a_million_others_by_an_index() -> None:
    if connection.vendor == "postgresql":
        connection.cursor().execute("SET LOCAL enable_seqscan = off")  # which it prefers for the few rows of a test
    calls = Execution.objects.filter(node="n")
    everywhere = Execution.objects.order_by()
    asked = (calls.open(), calls.overdue(timezone.now()), everywhere.open(), everywhere.overdue(timezone.now()))
    plans = [query.explain() for query in asked]
    assert ["execution_open" in plan for plan in plans] == [True] * len(plans)
    busy = Image.objects.filter(Exists(Execution.objects.of_images("n"))).explain()
    assert "execution_open" in busy


@pytest.mark.parametrize("end", TERMINAL)
@pytest.mark.parametrize("state", OPEN)
def test_an_open_call_ends_once(state: ExecutionState, end: ExecutionState) -> None:
    row, now = rows.execution(state), timezone.now()
    assert Execution.objects.finish(row.pk, end, result="1")
    seen = rows.snapshot(row)
    assert (seen["state"], seen["result"], seen["lease_expires_at"]) == (end, "1", None)
    assert seen["finished_at"] >= now
    assert not Execution.objects.finish(row.pk, ExecutionState.FAILED, result="2")
    assert rows.snapshot(row) == seen


@pytest.mark.parametrize("state", TERMINAL)
def test_a_terminal_row_never_changes(state: ExecutionState) -> None:
    row = rows.execution(state)
    before = rows.snapshot(row)
    assert not Execution.objects.begin(row.pk)
    assert not any(Execution.objects.finish(row.pk, end) for end in TERMINAL)
    assert Execution.objects.abandon() == 0
    assert rows.snapshot(row) == before


@pytest.mark.parametrize(
    ("state", "said"),
    [(ExecutionState.QUEUED, "before the function began"), (ExecutionState.RUNNING, "whether it ended is unknown")],
)
def test_a_call_whose_worker_died_is_abandoned(state: ExecutionState, said: str) -> None:
    row = rows.execution(state)
    assert Execution.objects.overdue(timezone.now()).abandon() == 0
    assert Execution.objects.overdue(timezone.now() + LATER).abandon() == 1
    seen = rows.snapshot(row)
    assert (seen["state"], seen["error_code"]) == (ExecutionState.ABANDONED, "outcome_unknown")
    assert said in seen["error"]
    assert seen["finished_at"] is not None
    assert not Execution.objects.finish(row.pk, ExecutionState.SUCCEEDED)


@pytest.mark.parametrize("state", TERMINAL)
def test_a_call_that_has_ended_is_never_overdue(state: ExecutionState) -> None:
    rows.execution(state)
    assert not Execution.objects.overdue(timezone.now() + LATER).exists()


def test_the_owners_are_the_processes_of_the_open_calls() -> None:
    for number, state in enumerate(ExecutionState):
        rows.execution(state, owner=f"owner of {state}")
        rows.execution(state, owner=f"owner of {state}", call_id=f"again {number}")
    assert Execution.objects.owners() == {"owner of QUEUED", "owner of RUNNING"}


def test_only_the_calls_of_the_dead_owner_are_abandoned() -> None:
    ours, other = rows.execution(owner="dead"), rows.execution(owner="alive")
    assert Execution.objects.filter(owner="dead").abandon() == 1
    assert rows.snapshot(ours)["state"] == ExecutionState.ABANDONED
    assert rows.snapshot(other)["state"] == ExecutionState.QUEUED


def test_a_deleted_function_leaves_the_records_of_its_calls() -> None:
    function = rows.function("Gone")
    row = rows.execution(ExecutionState.SUCCEEDED, function=function, function_name="Gone")
    function.delete()
    seen = rows.snapshot(row)
    assert (seen["function_id"], seen["function_name"], seen["state"]) == (None, "Gone", ExecutionState.SUCCEEDED)


def test_the_newest_call_comes_first() -> None:
    old = rows.execution(queued_at=timezone.now() - LATER)
    new = rows.execution()
    assert list(Execution.objects.all()) == [new, old]
