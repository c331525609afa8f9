"""`manage.py doctor` on a worker that runs, one that was killed, one that goes on after that, and a stopped one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from tests.contract import records
from tests.docker.functions import python
from tests.worker import engine

if TYPE_CHECKING:
    from tests.worker import Worker

RECONCILE = """
from functions.build.platform import platform
from functions.upkeep import reconcile
reconcile.at_start(platform())
"""
LONG_LIVED = "SELECT state FROM functions_poolentry WHERE kind = 'long-lived'"


def doctor(worker: Worker) -> tuple[int, dict[str, str], str]:
    """Its exit status, what it says of each rule, and all of its words."""
    done = worker.attempt("doctor")
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("I")]
    return done.returncode, {words[0]: words[1] for words in lines}, done.stdout + done.stderr


def assert_sound(worker: Worker) -> None:
    status, found, words = doctor(worker)
    assert status == 0, words
    assert set(found.values()) == {"ok"}
    assert len(found) == 12


def broken(worker: Worker) -> tuple[set[str], str]:
    status, found, words = doctor(worker)
    assert status == 1
    return {rule for rule, word in found.items() if word == "BROKEN"}, words


def change(worker: Worker, statement: str) -> None:
    with closing(sqlite3.connect(worker.home / "db.sqlite3", timeout=10)) as database:
        database.execute(statement)
        database.commit()


def stray(worker: Worker) -> str:
    """A container with the labels of a call that there is not."""
    ours = {"workerfront.instance": worker.instance, "workerfront.execution": "nobody's"}
    with engine() as client:
        node = client.api.containers(all=True, filters={"label": f"workerfront.instance={worker.instance}"})
        ours["workerfront.node"] = node[0]["Labels"]["workerfront.node"]
        run = client.containers.run("python:3.12-slim", ["sleep", "1000"], detach=True, labels=ours)
        return str(run.name)


def test_a_worker_is_sound_while_it_runs_after_a_crash_and_when_it_has_stopped(own_worker: Worker) -> None:
    own_worker.environment["USING_REST_MODE"] = "true"
    own_worker.environment["REST_CONTAINER_LIFE_TIME"] = "600"
    own_worker.start()
    own_worker.deploy("Kept", python("return 1"))
    own_worker.deploy("Fresh", python("return 2", isolation="container"))
    for name in ("Kept", "Fresh", "Kept"):
        assert own_worker.execute(name).status == 200
    assert_sound(own_worker)

    own_worker.kill()  # or its sweeps would be faster than the doctor
    name = stray(own_worker)
    (own_worker.home / "channels" / "nonsense").mkdir()
    change(own_worker, "UPDATE functions_execution SET finished_at = NULL WHERE start_type = 'warm'")
    rules, words = broken(own_worker)
    assert {"I1", "I3", "I6"} <= rules, words
    assert f"container {name} has no row" in words
    change(own_worker, "UPDATE functions_execution SET finished_at = queued_at WHERE start_type = 'warm'")

    running = "state = 'RUNNING', finished_at = NULL, status_code = NULL, lease_expires_at = queued_at"
    change(own_worker, f"UPDATE functions_execution SET {running} WHERE start_type = 'warm'")
    rules, words = broken(own_worker)
    assert {"I3", "I5", "I6"} <= rules, words

    own_worker.manage("shell", "-c", RECONCILE)
    assert_sound(own_worker)
    assert [kept["state"] for kept in records.rows(own_worker, LONG_LIVED)] == ["SERVING"]
    own_worker.start()
    assert own_worker.execute("Kept").json["Result"]["body"] == "1"
    assert own_worker.stop() == 0
    assert_sound(own_worker)
    own_worker.environment["DOCKER_HOST"] = "unix:///nowhere.sock"
    status, _found, words = doctor(own_worker)
    assert status == 1
    assert "CommandError" in words
