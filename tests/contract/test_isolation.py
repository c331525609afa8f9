"""What the levels of isolation promise beyond the cases that hold for all: calls beside each other, what they leave."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.contract.conftest import value_of, with_limits
from tests.worker import eventually

if TYPE_CHECKING:
    from tests.contract.conftest import ContractFunction
    from tests.worker import Reply, Worker

CALLS, CALLERS = 200, 8
LIMIT_MS, GRACE_MS = 2000, 2000  # a call of the limited function; a second is promised, to a machine that is not busy
MARK, SECOND_MARK = "86399", "86398"  # seconds of sleeps that no other process has


@pytest.fixture(scope="session")
def limited(worker: Worker, runtime: str) -> ContractFunction:
    """A process for each call."""
    return with_limits(worker, runtime, "process")


def test_200_calls_by_eight_callers_get_their_own_answers_and_logs(function: ContractFunction) -> None:
    if function.isolation == "container":
        return _check_nonces(function, 16)  # tests/samples does more of these
    return _check_nonces(function, CALLS)


def _check_nonces(function: ContractFunction, calls: int) -> None:
    nonces = [f"nonce-{secrets.token_hex(8)}" for _ in range(calls)]
    with ThreadPoolExecutor(CALLERS) as pool:
        replies = list(pool.map(lambda nonce: function.call("say", nonce=nonce), nonces))
    assert [value_of(reply) for reply in replies] == nonces
    logs = [function.record(reply)["log"].removeprefix("loading the handler\n") for reply in replies]
    # Between two streams there is no order: they are two pipes.
    assert [sorted(log.splitlines()) for log in logs] == [[f"err {nonce}", f"out {nonce}"] for nonce in nonces]


def test_the_flags_say_how_a_call_was_served(function: ContractFunction) -> None:
    function.value("value", value=1)
    reply = function.call("value", value=1)
    is_warm = function.isolation != "container"
    meta = reply.json["Meta"]
    assert (meta["ImageBuilt"], meta["UsingPooledContainer"]) == (False, False)
    assert (meta["UsingExistingRestContainer"], meta["StartType"]) == (is_warm, "warm" if is_warm else "cold")


def test_daemons_of_a_call_end_with_it_and_its_neighbours_go_on(limited: ContractFunction) -> None:
    with ThreadPoolExecutor(1) as pool:
        neighbour = pool.submit(limited.call, "sleep", seconds=1)
        assert limited.value("daemon", seconds=MARK) == "left"
        eventually(lambda: not any(MARK in line for line in limited.value("running")))
        assert value_of(neighbour.result()) == "awake"


def test_a_call_that_fills_tmp_leaves_room_for_the_next(limited: ContractFunction) -> None:
    assert limited.value("fill") == "full"
    eventually(lambda: limited.call("fill").json.get("Result", {}).get("body") == "full")
    eventually(lambda: _finds_nothing(limited.call("temporary")))  # it is wiped after the answer
    found = limited.value("temporary")
    assert found["before"] == []
    assert found["folder"].startswith("/tmp/")


def _finds_nothing(reply: Reply) -> bool:
    return reply.status == 200 and value_of(reply)["before"] == []


def test_a_call_that_never_returns_is_ended_with_its_children_beside_one_that_does(limited: ContractFunction) -> None:
    limited.value("value", value=1)
    with ThreadPoolExecutor(2) as pool:
        hanging = pool.submit(limited.call, "spin", seconds=SECOND_MARK)
        ending = pool.submit(limited.call, "exit")
        for number in range(10):
            assert limited.value("value", value=number) == number
            time.sleep(0.2)  # all the while the other one spins
        reply = hanging.result()
    assert not any(SECOND_MARK in line for line in limited.value("running"))  # dead when the caller hears of it
    assert LIMIT_MS <= limited.record(reply)["exec_ms"] < LIMIT_MS + GRACE_MS
    assert (reply.status, reply.json["Code"]) == (504, "function_timeout")
    assert ending.result().json["Code"] == "function_crashed"
    assert _is_warm(limited.call("value", value=1))


def _is_warm(reply: Reply) -> bool:
    return bool(reply.json["Meta"]["UsingExistingRestContainer"])


@pytest.mark.parametrize("case", ["exit", "spin"])
def test_a_shared_container_that_one_call_has_spoiled_is_replaced(worker: Worker, runtime: str, case: str) -> None:
    shared = with_limits(worker, runtime, "shared")
    assert shared.call(case).status in (502, 504)
    assert shared.value("value", value="fresh") == "fresh"
