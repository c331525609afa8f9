"""The web process dies in the middle of a call: the function runs at most once, its row ends, nothing is left."""

from __future__ import annotations

import http.client
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests import processes
from tests.contract import engine_view, records
from tests.faults.collector import Collector, collecting, reporting
from tests.worker import Worker, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVELS = ("container", "process")
SETTLE_S = 60
# How a call is served, the level of the function, and what the pool must be for that.
WAYS = {"fresh": ("container", -1), "long-lived": ("process", -1), "pre-warmed": ("container", 1)}
START_TYPES = {"fresh": "cold", "long-lived": "cold", "pre-warmed": "prewarmed"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """It does not run yet. A function for each level is built at its first start."""
    worker = Worker(tmp_path_factory.mktemp("killed-web") / "home", CONTAINER_POOL_NUM="1")
    for level in LEVELS:
        worker.deploy(level, reporting("python3.12", isolation=level))
    yield worker
    worker.end()


@pytest.fixture
def worker(built: Worker) -> Iterator[Worker]:
    yield built
    built.stop()  # with its containers: the next test's are to be cold
    built.environment.pop("WF_CRASHPOINT", None)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


def _start(worker: Worker) -> None:
    """A build passes none of the crash points of a call."""
    worker.start()
    assert worker.request("/prepare").json["Message"].startswith("2 of 2 ")


def _call(worker: Worker, name: str, event: dict[str, Any]) -> None:
    """Its connection breaks off: there is no answer to look at."""
    with pytest.raises((OSError, http.client.HTTPException)):
        worker.execute(name, event)


def _row(worker: Worker, nonce: str) -> dict[str, Any]:
    (row,) = records.rows(worker, "SELECT * FROM functions_execution WHERE event LIKE ?", [f'%"{nonce}"%'])
    return row


def _is_abandoned(worker: Worker, nonce: str) -> bool:
    row = _row(worker, nonce)
    return row["state"] == "ABANDONED" and not engine_view.containers(worker, execution=row["id"])


def _meet_the_fault(worker: Worker, way: str, event: dict[str, Any]) -> None:
    """A call that is served in this way; when it is over the worker answers again."""
    level, pool = WAYS[way]
    assert worker.request(f"/configure?container_pool_limit={pool}").status == 200
    waiting = "SELECT id FROM functions_poolentry WHERE kind = 'prewarmed' AND state = 'IDLE'"
    eventually(lambda: bool(records.rows(worker, waiting)) is (way == "pre-warmed"), SETTLE_S)
    _call(worker, level, event)
    eventually(worker.answers, SETTLE_S)
    eventually(lambda: _is_abandoned(worker, event["nonce"]), SETTLE_S)


def _goes_on(worker: Worker, collector: Collector) -> None:
    """Without the crash point; the next calls are the first ones of their containers, and all adds up."""
    assert worker.request("/configure?container_pool_limit=-1").status == 200
    worker.stop()
    del worker.environment["WF_CRASHPOINT"]
    worker.start()
    for level in LEVELS:
        reply = worker.execute(level, collector.event(f"last {level}"))
        assert (reply.status, reply.json["Meta"]["StartType"]) == (200, "cold")
    assert len(engine_view.containers(worker, function="process")) == 1
    eventually(lambda: not engine_view.containers(worker, function="container"), SETTLE_S)
    worker.manage("doctor")


@pytest.mark.parametrize(
    ("point", "hits", "words"),
    [
        ("container-started", 0, "before the function began"),
        ("running", 0, "is unknown"),
        ("ran", 1, "is unknown"),
    ],
)
def test_a_call_whose_web_process_dies_is_abandoned_and_never_run_again(
    worker: Worker, collector: Collector, point: str, hits: int, words: str
) -> None:
    worker.environment["WF_CRASHPOINT"] = point
    _start(worker)
    for way in WAYS:
        nonce = f"{point} {way}"
        _meet_the_fault(worker, way, collector.event(nonce))
        row = _row(worker, nonce)
        assert words in row["error"]
        assert row["start_type"] == (START_TYPES[way] if "unknown" in words else "")
    _goes_on(worker, collector)
    before = {f"{point} {way}": hits for way in WAYS if hits}
    assert collector.hits == {**before, "last container": 1, "last process": 1}


def test_a_long_lived_container_whose_starter_dies_is_started_by_the_next_call(
    worker: Worker, collector: Collector
) -> None:
    worker.environment["WF_CRASHPOINT"] = "long-lived-starting"
    _start(worker)
    _meet_the_fault(worker, "long-lived", collector.event("starting"))
    assert "before the function began" in _row(worker, "starting")["error"]
    _goes_on(worker, collector)
    assert collector.hits == {"last container": 1, "last process": 1}


def test_a_web_process_that_is_killed_while_functions_run_is_replaced(worker: Worker, collector: Collector) -> None:
    _start(worker)
    for level in LEVELS:
        assert worker.execute(level, collector.event(f"first {level}")).status == 200
    calls = [
        threading.Thread(target=_call, args=(worker, level, collector.event(f"killed {level}", seconds=60)))
        for level in LEVELS
    ]
    for call in calls:
        call.start()
    eventually(lambda: sum(collector.hits.values()) == 4)
    for pid in worker.processes("granian"):
        processes.kill(pid)
    for call in calls:
        call.join()
    for level in LEVELS:
        eventually(lambda level=level: _is_abandoned(worker, f"killed {level}"), SETTLE_S)
        eventually(lambda level=level: _answers(worker, level, collector), SETTLE_S)
    eventually(lambda: not engine_view.containers(worker, function="container"), SETTLE_S)
    worker.manage("doctor")
    assert all(count == 1 for count in collector.hits.values())


def _answers(worker: Worker, name: str, collector: Collector) -> bool:
    try:
        return worker.execute(name, collector.event(os.urandom(8).hex())).status == 200
    except (OSError, http.client.HTTPException):
        return False
