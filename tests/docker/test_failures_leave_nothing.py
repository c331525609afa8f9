"""A call that times out, crashes, eats too much or gives nonsense is over when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.package import function_name, package
from tests.contract.records import rows
from tests.docker import leftovers
from tests.worker import eventually

if TYPE_CHECKING:
    from tests.worker import Worker

FAILURES = {
    "timeout": ({"case": "sleep", "seconds": 60}, "function_timeout", "TIMED_OUT"),
    "crash": ({"case": "exit"}, "function_crashed", "FAILED"),
    "memory": ({"case": "eat"}, "function_oom", "FAILED"),
    "result": ({"case": "cycle"}, "result_invalid", "FAILED"),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("runtime", ["node20", "python3.12"])
def test_a_failed_call_leaves_one_ended_row_and_nothing_else(worker: Worker, runtime: str, failure: str) -> None:
    name = function_name("Failing", runtime)
    if not (worker.home / "functions" / f"{name}.zip").exists():
        worker.deploy(name, package(runtime, timeout=2, memory="64m"))
    event, code, state = FAILURES[failure]
    reply = worker.execute(name, event, X_Call_Id=f"failing.{runtime}.{failure}")
    assert reply.json["Code"] == code
    found = rows(worker, "SELECT state FROM functions_execution WHERE call_id = ?", [reply.json["CallId"]])
    assert found == [{"state": state}]
    if failure != "timeout":
        eventually(lambda: leftovers.of_call(worker, reply) == [])
    assert leftovers.of_call(worker, reply) == []
