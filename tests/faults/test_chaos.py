"""2 000 calls over six functions and all levels, while web, cluster and containers are killed at random."""

from __future__ import annotations

import http.client
import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import docker.errors
import pytest

from tests.contract import engine_view, records
from tests.faults.collector import Collector, collecting, reporting
from tests.worker import ROOT, Worker, descendants, engine, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.worker import Reply

CALLS, CALLERS = 2000, 8
SEED = 20_000
PAUSE_S = 1.5  # between two faults: a web process needs about as long to come back
RECOVERY_S = 60
FUNCTIONS = {
    "ChaosContainer": ("python3.12", "container"),
    "ChaosProcess": ("python3.7", "process"),
    "ChaosShared": ("python3.12", "shared"),
    "ChaosNodeProcess": ("node12", "process"),
    "ChaosNodeShared": ("node20", "shared"),
    "ChaosJavaProcess": ("java17", "process"),
}


class Run:
    """What became of the calls."""

    def __init__(self, worker: Worker, collector: Collector) -> None:
        self._worker = worker
        self._collector = collector
        self.answered: set[str] = set()
        self.codes: Counter[str] = Counter()
        self.is_over = threading.Event()

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
        while True:
            try:
                return self._worker.execute(name, self._collector.event(nonce))
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionRefusedError):
                    raise
                time.sleep(0.05)


def _kill_process(worker: Worker, choice: random.Random, word: str) -> None:
    assert worker.process is not None
    found = [pid for pid in descendants(worker.process.pid) if word in _command(pid)]
    if found:
        with suppress(ProcessLookupError):
            os.kill(choice.choice(found), signal.SIGKILL)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def _take_container(worker: Worker, choice: random.Random, *, remove: bool) -> None:
    if not (listed := engine_view.containers(worker)):
        return
    victim = choice.choice(listed)["Id"]
    with engine() as client, suppress(docker.errors.APIError):  # it may be going by itself
        if remove:
            client.api.remove_container(victim, force=True)
        else:
            client.api.kill(victim)


def _faults(worker: Worker, choice: random.Random) -> list[Callable[[], None]]:
    return [
        lambda: _kill_process(worker, choice, "granian"),
        lambda: _kill_process(worker, choice, "qcluster"),
        lambda: _take_container(worker, choice, remove=False),
        lambda: _take_container(worker, choice, remove=True),
    ]


def _disturb(worker: Worker, run: Run) -> None:
    choice = random.Random(SEED)
    while not run.is_over.wait(PAUSE_S):
        choice.choice(_faults(worker, choice))()


def _doctor(worker: Worker) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "manage.py"), "doctor"]
    return subprocess.run(
        command, env=worker.environment, capture_output=True, text=True, cwd=ROOT, check=False, timeout=120
    )


@pytest.mark.timeout(600)
def test_no_call_runs_twice_and_a_minute_later_all_is_well(own_worker: Worker) -> None:
    own_worker.environment |= {"CONTAINER_POOL_LIMIT": "1", "CONTAINER_POOL_NUM": "2"}
    own_worker.start()
    for name, (runtime, level) in FUNCTIONS.items():
        own_worker.deploy(name, reporting(runtime, isolation=level))
    with collecting() as collector:
        run = Run(own_worker, collector)
        for number, name in enumerate(FUNCTIONS):
            run.call(-number - 1, name)
        assert run.codes == {"ok": len(FUNCTIONS)}
        names = itertools.cycle(FUNCTIONS)
        disturber = threading.Thread(target=_disturb, args=(own_worker, run))
        disturber.start()
        with ThreadPoolExecutor(CALLERS) as pool:
            list(pool.map(run.call, range(CALLS), names))
        run.is_over.set()
        disturber.join()
        eventually(lambda: _doctor(own_worker).returncode == 0, RECOVERY_S)
        assert set(collector.hits.values()) == {1}
        assert run.answered <= set(collector.hits)
    assert not run.codes["internal"]
    assert run.codes["ok"] > CALLS / 4, run.codes
    query = "SELECT COUNT(*) AS calls FROM functions_execution WHERE state = 'SUCCEEDED'"
    assert records.rows(own_worker, query)[0]["calls"] >= len(run.answered)
