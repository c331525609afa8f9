"""Handlers that raise, hang, end their process, eat too much, or cannot be loaded."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.contract import engine_view
from tests.contract.conftest import deployed, with_limits
from tests.contract.package import language
from tests.contract.records import header

if TYPE_CHECKING:
    from tests.contract.conftest import ContractFunction
    from tests.worker import Reply, Worker

RAISED = {"python": "ValueError", "node": "RangeError", "java": "java.lang.IllegalStateException"}
WHERE = {"python": "main.py", "node": "index.js", "java": "Main.java"}
BROKEN = {"python": "broken.lambda_handler", "node": "broken.handle", "java": "main.Broken.lambda_handler"}
NO_FUNCTION = {"python": "main.nothing", "node": "index.nothing", "java": "main.Main.nothing"}
NO_FILE = {"python": "nofile.lambda_handler", "node": "nofile.handle", "java": "main.NoFile.lambda_handler"}


def test_a_handler_that_raises_is_described(function: ContractFunction) -> None:
    reply = function.call("fail")
    fault = _fault(reply, "function_error", "Handled")
    assert fault["errorType"] == RAISED[language(function.runtime)]
    assert fault["errorMessage"] == "the pear is too ripe: \U0001f350"
    trace = "\n".join(fault["stackTrace"])
    assert WHERE[language(function.runtime)] in trace
    assert "/opt/worker-front" not in trace
    record = function.record(reply)
    assert (record["state"], record["error_code"]) == ("FAILED", "function_error")
    assert record["log"] in ("loading the handler\n", "")


def test_a_handler_that_takes_too_long_is_ended_before_the_answer(limited: ContractFunction) -> None:
    limited.value("value", value=1)  # so that the time below is not the build's
    began = time.monotonic()
    reply = limited.call("sleep", seconds=60)
    assert 2 <= time.monotonic() - began < 15
    assert (reply.status, reply.json["Code"]) == (504, "function_timeout")
    assert header(reply, "X-Function-Error") == "Timeout"
    record = limited.record(reply)
    if limited.isolation == "container":
        assert record["container_name"] not in engine_view.container_names(limited.worker)
    assert record["state"] == "TIMED_OUT"
    assert "falling asleep" in record["log"]


def test_a_handler_that_ends_its_process_has_crashed_and_its_words_are_kept(limited: ContractFunction) -> None:
    reply = limited.call("exit")
    _fault(reply, "function_crashed", "Unhandled")
    if not limited.runtime.startswith("java"):  # a Java program cannot see the status that it is ended with
        assert "3" in reply.json["Message"]
    assert "some last words" in limited.record(reply)["log"]


def test_a_handler_that_eats_too_much_is_out_of_memory(worker: Worker, runtime: str, isolation: str) -> None:
    limited = with_limits(worker, runtime, isolation, timeout=60)  # a busy machine needs its time to fill the memory
    reply = limited.call("eat")
    assert (reply.status, reply.json["Code"]) == (502, "function_oom")
    assert header(reply, "X-Function-Error") == "OutOfMemory"
    record = limited.record(reply)
    assert (record["state"], record["error_code"]) == ("FAILED", "function_oom")
    assert "eating" in record["log"]


def test_a_handler_that_cannot_be_loaded_is_the_functions_error_and_is_named(worker: Worker, runtime: str) -> None:
    kinds = {"Broken": BROKEN, "NoFunction": NO_FUNCTION, "NoFile": NO_FILE}
    functions = [deployed(worker, kind, runtime, handler=by[language(runtime)]) for kind, by in kinds.items()]
    with ThreadPoolExecutor() as pool:  # three builds take their time
        replies = list(pool.map(lambda function: function.call("echo"), functions))
    broken, no_function, no_file = (_fault(reply, "function_error", "Handled")["errorMessage"] for reply in replies)
    assert re.search("no.such.module.anywhere", broken)
    assert "nothing" in no_function
    assert "nofile" in no_file.lower()


def _fault(reply: Reply, code: str, kind: str) -> dict[str, Any]:
    assert (reply.status, reply.json.get("Code")) == (502, code), reply.body
    assert header(reply, "X-Function-Error") == kind
    assert not header(reply, "X-Worker-Front-Error")
    fault: dict[str, Any] = reply.json["FunctionError"]
    assert fault["errorMessage"] in reply.json["Message"]
    assert set(fault) == {"errorType", "errorMessage", "stackTrace"}
    return fault
