"""2 000 calls over six functions and all levels, while web, cluster and containers are killed at random."""

from __future__ import annotations

import http.client
import itertools
import json
import time
import urllib.error
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.contract import records
from tests.faults.collector import Collector, collecting, reporting
from tests.faults.disturbance import Disturbance

if TYPE_CHECKING:
    from tests.worker import Reply, Worker

CALLS, CALLERS = 2000, 8
RECOVERY_S = 60
FUNCTIONS = {
    "ChaosContainer": ("python3.12", "container"),
    "ChaosProcess": ("python3.7", "process"),
    "ChaosShared": ("python3.12", "shared"),
    "ChaosNodeProcess": ("node12", "process"),
    "ChaosNodeShared": ("node20", "shared"),
    "ChaosJavaProcess": ("java17", "process"),
}
# A container for each call, and a Java process for each, take the time of ten others: they have half as many turns.
TURNS = [*FUNCTIONS, *(name for name in FUNCTIONS if name not in ("ChaosContainer", "ChaosJavaProcess"))]


class Run:
    """What became of the calls."""

    def __init__(self, worker: Worker, collector: Collector) -> None:
        self._worker = worker
        self._collector = collector
        self.answered: set[str] = set()
        self.codes: Counter[str] = Counter()

    def call(self, number: int, name: str) -> None:
        nonce = f"call-{number}"
        try:
            reply = self._reply(name, nonce)
        except (OSError, http.client.HTTPException):
            self.codes["no answer"] += 1
            return
        if reply.status == 200:
            assert reply.json["Result"]["body"] == nonce
            self.answered.add(nonce)
        self.codes[reply.json.get("Code", "ok")] += 1

    def _reply(self, name: str, nonce: str) -> Reply:
        """While the web process is being replaced nobody listens: such a call was not made."""
        deadline = time.monotonic() + RECOVERY_S
        while True:
            try:
                return self._worker.execute(name, self._collector.event(nonce))
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionRefusedError):
                    raise
            assert time.monotonic() < deadline, "nobody listens any more"
            assert self._worker.is_running(), self._worker.last_words()
            time.sleep(0.05)


@pytest.mark.timeout(1200)  # about 100 s, but not on a machine that is busy
def test_no_call_runs_twice_and_a_minute_later_all_is_well(own_worker: Worker) -> None:
    own_worker.environment |= {"CONTAINER_POOL_LIMIT": "1", "CONTAINER_POOL_NUM": "2"}
    own_worker.start()
    for name, (runtime, level) in FUNCTIONS.items():
        own_worker.deploy(name, reporting(runtime, isolation=level))
    with collecting() as collector:
        run = Run(own_worker, collector)
        disturbance = Disturbance(own_worker, lambda: sum(run.codes.values()))
        for number, name in enumerate(FUNCTIONS):
            run.call(-number - 1, name)
        assert run.codes == {"ok": len(FUNCTIONS)}
        with disturbance.going_on(), ThreadPoolExecutor(CALLERS) as pool:
            list(pool.map(run.call, range(CALLS), itertools.cycle(TURNS)))
        _until_sound(own_worker)
        _check_rows(own_worker, run, collector)
    assert all(disturbance.done[kind] for kind in disturbance.kinds), disturbance.done
    assert not run.codes["internal"]
    assert run.codes["ok"] > CALLS / 4, run.codes


def _until_sound(worker: Worker) -> None:
    deadline = time.monotonic() + RECOVERY_S
    while (found := worker.attempt("doctor")).returncode != 0:
        assert time.monotonic() < deadline, found.stdout + found.stderr


def _check_rows(worker: Worker, run: Run, collector: Collector) -> None:
    """At most one row and one run for each call; one of each when it succeeded."""
    rows = records.rows(worker, "SELECT state, event FROM functions_execution")
    nonces = [json.loads(row["event"])["nonce"] for row in rows]
    succeeded = {nonce for nonce, row in zip(nonces, rows, strict=True) if row["state"] == "SUCCEEDED"}
    assert len(set(nonces)) == len(nonces)
    assert not {row["state"] for row in rows} & set(records.OPEN)
    assert set(collector.hits.values()) == {1}
    assert run.answered <= succeeded <= set(collector.hits) <= set(nonces)
