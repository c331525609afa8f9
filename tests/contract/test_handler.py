"""What a handler finds: its language, its context, its user, its folders, its variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.contract.conftest import value_of
from tests.contract.records import header

if TYPE_CHECKING:
    from tests.contract.conftest import ContractFunction

NOBODY = 65532
OWN_WORDS = re.compile(r"[a-z]+")


def test_it_runs_on_its_version_as_nobody_with_its_own_variables_alone(function: ContractFunction) -> None:
    found = function.value("identity")
    version = OWN_WORDS.sub("", function.runtime)
    assert found["version"] == ("1.8" if function.runtime == "java8" else version)
    assert (found["uid"], found["gid"], found["folder"]) == (NOBODY, NOBODY, "/function")
    assert (found["env"]["FLAVOUR"], found["env"]["EMPTY"]) == ("süß", "")
    assert [name for name in found["env"] if name.startswith("WF_")] == []


def test_the_context_describes_the_call(function: ContractFunction) -> None:
    reply = function.worker.execute(function.name, {"case": "context"}, X_Call_Id="call-of-the.contract_1")
    body = value_of(reply)
    assert body["call_id"] == "call-of-the.contract_1"
    assert body["function_name"] == function.name
    assert body["function_version"] == reply.json["Meta"]["Version"] == header(reply, "X-Function-Version")
    assert body["memory_limit_in_mb"] == 256
    assert abs(body["deadline_ms"] - body["now_ms"] - body["remaining_time_ms"]) < 1000
    assert 290_000 < body["remaining_time_ms"] <= 300_000


def test_only_tmp_can_be_written(function: ContractFunction) -> None:
    refused = ["/function/new", "/opt/new", "/etc/new", "/run/worker-front/new", "/var/tmp/new"]
    assert function.value("files", paths=["/tmp/new", *refused]) == {"/tmp/new": True, **dict.fromkeys(refused, False)}


def test_the_times_of_a_call_are_told(function: ContractFunction) -> None:
    reply = function.call("sleep", seconds=0.3)
    times = reply.json
    assert isinstance(times["ExecutionTime"], int)
    assert isinstance(times["InternalExecutionTime"], int)
    assert 295 <= times["InternalExecutionTime"] <= times["ExecutionTime"]
    record = function.record(reply)
    assert record["state"] == "SUCCEEDED"
    assert 295 <= record["function_ms"] <= record["exec_ms"] + 1
