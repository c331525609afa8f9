"""Work without a cluster: a thread of this process does it, and the caller does not wait. (With one: tests/races.)"""

from __future__ import annotations

import logging
import threading

import pytest
from django_q.models import OrmQ

from functions import dispatch
from functions.models import Function
from tests.functions.models import rows

pytestmark = pytest.mark.usefixtures("settled")

GO, seen = threading.Event(), []


def note(*arguments: object) -> None:
    """A task: says in which thread it ran, and what is in the database."""
    GO.wait()
    seen.append((threading.current_thread().name, arguments, Function.objects.count()))


def fail() -> None:
    """A task that fails."""
    raise ZeroDivisionError


@pytest.fixture(autouse=True)
def _fresh() -> None:
    GO.clear()
    seen.clear()


def test_without_a_cluster_a_thread_does_it_and_the_caller_goes_on() -> None:
    assert not dispatch.cluster_lives(dispatch.BUILDS)
    rows.function()
    dispatch.enqueue("tests.functions.test_dispatch.note", 1, "two")
    assert seen == []  # it waits for GO, and we do not wait for it
    GO.set()
    for thread in threading.enumerate():
        if thread.name == "tests.functions.test_dispatch.note":
            thread.join()
    assert seen == [("tests.functions.test_dispatch.note", (1, "two"), 1)]
    assert not OrmQ.objects.exists()


def test_a_task_that_has_not_begun_serves_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(dispatch, "enqueue", asked.append)
    for task in (dispatch.SWEEP, dispatch.SWEEP, dispatch.EVICT):
        dispatch.enqueue_once(task)
    assert asked == [dispatch.SWEEP, dispatch.EVICT]
    dispatch.begun(dispatch.SWEEP)
    dispatch.enqueue_once(dispatch.SWEEP)
    dispatch.enqueue_once(dispatch.EVICT)
    assert asked == [dispatch.SWEEP, dispatch.EVICT, dispatch.SWEEP]


def test_a_task_that_fails_is_logged_and_costs_nobody_anything(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        dispatch.enqueue("tests.functions.test_dispatch.fail")
        dispatch.enqueue("tests.functions.test_dispatch.missing")
        for thread in threading.enumerate():
            if thread.name.startswith("tests.functions.test_dispatch"):
                thread.join()
    assert {record.getMessage() for record in caplog.records} == {
        "tests.functions.test_dispatch.fail failed",
        "tests.functions.test_dispatch.missing failed",
    }
