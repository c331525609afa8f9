"""The web process dies in the middle of a call: the function runs at most once, its row ends, nothing is left."""

from __future__ import annotations

import http.client
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract import engine_view, records
from tests.faults.collector import Collector, collecting, reporting
from tests.worker import Worker, descendants, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

NONCE = "of-the-call-that-meets-the-fault"
LEVELS = ("container", "process")


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


def _call(worker: Worker, name: str, event: dict[str, Any]) -> None:
    """Its connection breaks off: there is no answer to look at."""
    with pytest.raises((OSError, http.client.HTTPException)):
        worker.execute(name, event)


def _row(worker: Worker) -> dict[str, Any]:
    (row,) = records.rows(worker, "SELECT * FROM functions_execution WHERE event LIKE ?", [f"%{NONCE}%"])
    return row


def _check_end(worker: Worker, name: str, collector: Collector, hits: int) -> None:
    eventually(lambda: _row(worker)["state"] == "ABANDONED", 60)
    assert collector.hits[NONCE] == hits
    eventually(lambda: not _serves(worker, name), 60)


def _serves(worker: Worker, name: str) -> bool:
    """Is the container of the call still there? A long-lived one may be, for calls to come."""
    return bool(engine_view.containers(worker, function=name, execution=_row(worker)["id"]))


@pytest.mark.parametrize(
    ("point", "hits", "words"),
    [
        ("container-started", 0, "before the function began"),
        ("running", 0, "is unknown"),
        ("ran", 1, "is unknown"),
    ],
)
def test_a_call_whose_web_process_dies_is_abandoned_and_never_run_again(
    own_worker: Worker, collector: Collector, point: str, hits: int, words: str
) -> None:
    own_worker.start()
    own_worker.deploy("Reports", reporting("python3.12"))
    assert own_worker.execute("Reports", collector.event("first")).status == 200
    own_worker.stop()
    own_worker.environment["WF_CRASHPOINT"] = point
    own_worker.start()
    _call(own_worker, "Reports", collector.event(NONCE))
    _check_end(own_worker, "Reports", collector, hits)
    assert words in _row(own_worker)["error"]
    own_worker.stop()
    del own_worker.environment["WF_CRASHPOINT"]
    own_worker.start()
    assert own_worker.execute("Reports", collector.event("last")).status == 200
    eventually(lambda: not engine_view.containers(own_worker, function="Reports"))
    own_worker.manage("doctor")
    assert collector.hits == {"first": 1, "last": 1, **({NONCE: 1} if hits else {})}


def test_a_web_process_that_is_killed_while_functions_run_is_replaced(own_worker: Worker, collector: Collector) -> None:
    own_worker.start()
    for level in LEVELS:
        own_worker.deploy(level, reporting("python3.12", isolation=level))
        assert own_worker.execute(level, collector.event(f"first {level}")).status == 200
    calls = [
        threading.Thread(target=_call, args=(own_worker, level, collector.event(f"{NONCE} {level}", seconds=60)))
        for level in LEVELS
    ]
    for call in calls:
        call.start()
    eventually(lambda: sum(collector.hits.values()) == 4)
    _kill_web(own_worker)
    for call in calls:
        call.join()
    query = "SELECT state FROM functions_execution WHERE event LIKE ?"
    eventually(
        lambda: [row["state"] for row in records.rows(own_worker, query, [f"%{NONCE}%"])] == ["ABANDONED"] * 2, 60
    )
    for level in LEVELS:
        eventually(lambda level=level: _answers(own_worker, level, collector))
    eventually(lambda: not engine_view.containers(own_worker, function="container"), 60)
    own_worker.manage("doctor")
    assert all(count == 1 for count in collector.hits.values())


def _answers(worker: Worker, name: str, collector: Collector) -> bool:
    try:
        return worker.execute(name, collector.event(os.urandom(8).hex())).status == 200
    except (OSError, http.client.HTTPException):
        return False


def _kill_web(worker: Worker) -> None:
    assert worker.process is not None
    for pid in descendants(worker.process.pid):
        if "granian" in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGKILL)
