"""How long a Java agent lives: in each mode, and when it is told to end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.agent_process import call_frame
from tests.runtimes.steps import begin, children, ends

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runtimes.java_agent import Start, StartMany

pytest_plugins = ("tests.runtimes.java_agent",)


def test_it_ends_when_no_call_came_for_its_lifetime(start_many: StartMany, tmp: Path) -> None:
    agent = start_many("Processes.wait", lifetime=1.5)
    assert agent.call({"ms": 2000}).value == "waited"
    answered = time.monotonic()
    spares = children(agent)
    agent.ready()[0].close()
    assert agent.wait() == 0
    assert time.monotonic() - answered >= 1.4
    assert all(ends(pid, 2) for pid in spares)
    assert [path.name for path in tmp.iterdir()] == ["theirs"]


def test_a_peer_changes_the_lifetime(start_many: StartMany) -> None:
    agent = start_many("Processes.wait", lifetime=600)
    running = begin(agent, {"ms": 500})
    asking, _ = agent.ready()
    asking.send({"type": "lifetime", "lifetime_s": 0})
    assert asking.receive() is None
    assert running.answer().value == "waited"
    assert agent.wait() == 0


def test_a_call_changes_the_lifetime(start_many: StartMany) -> None:
    agent = start_many("Processes.wait")
    assert begin(agent, {"ms": 0}, lifetime_s=0.1).answer().value == "waited"
    assert agent.wait() == 0


def test_a_peer_that_has_its_ready_keeps_nobody_alive(start_many: StartMany) -> None:
    agent = start_many("Processes.wait", lifetime=600)  # a short one might be over before anybody has come
    agent.ready()
    asking, _ = agent.ready()
    asking.send({"type": "lifetime", "lifetime_s": 0.1})
    assert agent.wait() == 0


def test_a_shared_one_ends_when_no_call_came_for_its_lifetime(start: Start) -> None:
    agent = start("Processes.wait", mode="shared", env={"WF_LIFETIME": "0.5"})
    assert agent.call({"ms": 800}).value == "waited"
    assert agent.wait() == 0


def test_a_container_that_nobody_needed_ends_and_a_call_is_never_cut_off(start: Start) -> None:
    waiting = start("Processes.wait", env={"WF_LIFETIME": "0.5"})
    waiting.ready()[0].close()
    started = time.monotonic()
    assert waiting.wait() == 0
    assert time.monotonic() - started < 2
    called = start("Processes.wait", env={"WF_LIFETIME": "0.5"})
    assert called.call({"ms": 800}).value == "waited"
    assert called.wait() == 0


@pytest.mark.parametrize("mode", ["process", "shared"])
def test_who_waits_for_ready_when_it_stops_listening_may_still_call(start: Start, mode: str) -> None:
    agent = start("Loading.handle", mode=mode)
    waiting, asking = agent.connect(), agent.connect()
    asking.send({"type": "lifetime", "lifetime_s": 0})
    assert asking.receive() is None
    ready = waiting.receive()  # long after that
    assert ready is not None
    waiting.send(call_frame({}))
    assert waiting.answer().value == "handled"
    assert agent.wait() == 0


@pytest.mark.parametrize("mode", ["process", "shared"])
def test_who_comes_after_a_lifetime_of_0_is_refused_though_a_call_runs(start: Start, tmp: Path, mode: str) -> None:
    agent = start("Loading.handle", mode=mode, env={"LOADING": str(tmp)})
    running = begin(agent, {"file": str(tmp / "go")})
    late, _ = agent.ready()
    asking, _ = agent.ready()
    asking.send({"type": "lifetime", "lifetime_s": 0})
    assert asking.receive() is None
    late.send({**call_frame({}), "lifetime_s": 600})  # which revives nothing
    assert late.answer().value == "handled"
    with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
        agent._connected_socket()
    (tmp / "go").touch()
    assert running.answer().value == "handled"
    assert agent.wait() == 0
