"""How long a Node agent lives: without a call, after its last one, and with somebody who is about to call."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.agent_process import call_frame
from tests.runtimes.steps import becomes, begin, children, ends

if TYPE_CHECKING:
    from tests.runtimes.agent_process import AgentProcess
    from tests.runtimes.node_agent import Start, StartMany

pytest_plugins = ("tests.runtimes.node_agent",)

WAIT = "exports.handle = (event) => new Promise((done) => setTimeout(done, event.ms, 'waited'));"

MODES = ["container", "process", "shared"]


def listens(agent: AgentProcess) -> bool:
    """Whether somebody may still connect."""
    return Path(str(agent.address)).exists()


def slow(node: str, ms: int) -> dict[str, str]:
    """A package that takes its time to load: without keeping the event loop from its timers, where the version can."""
    if "node12" in node:
        wait = f"Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, {ms});"
        return {"index.js": wait + WAIT}
    wait = f"await new Promise((done) => setTimeout(done, {ms}));"
    return {"index.mjs": wait + WAIT.replace("exports.handle", "export const handle")}


def test_it_ends_when_no_call_came_for_its_lifetime(start_many: StartMany, tmp: Path) -> None:
    agent = start_many(WAIT, lifetime=600)
    assert begin(agent, {"ms": 900}, lifetime_s=0.5).answer().value == "waited"
    answered = time.monotonic()
    spares = children(agent)
    agent.ready()[0].close()
    assert agent.wait() == 0
    assert time.monotonic() - answered >= 0.4
    assert all(ends(pid, 2) for pid in spares)
    assert [path.name for path in tmp.iterdir()] == ["theirs"]


def test_a_peer_and_a_call_change_the_lifetime(start_many: StartMany) -> None:
    agent = start_many(WAIT, lifetime=600)
    running = begin(agent, {"ms": 500})
    asking, _ = agent.ready()
    asking.send({"type": "lifetime", "lifetime_s": 0})
    assert asking.receive() is None
    assert running.answer().value == "waited"
    assert agent.wait() == 0
    agent = start_many(WAIT)
    assert begin(agent, {"ms": 0}, lifetime_s=0.1).answer().value == "waited"
    assert agent.wait() == 0


def test_a_shared_one_ends_when_no_call_came_for_its_lifetime(start: Start) -> None:
    agent = start(WAIT, mode="shared", env={"WF_LIFETIME": "2"})
    assert begin(agent, {"ms": 700}, lifetime_s=0.4).answer().value == "waited"
    answered = time.monotonic()
    assert agent.wait() == 0
    assert time.monotonic() - answered >= 0.3


def test_a_container_that_nobody_needed_ends_and_a_call_is_never_cut_off(start: Start) -> None:
    waiting = start(WAIT, env={"WF_LIFETIME": "1.5"})
    waiting.ready()[0].close()
    assert waiting.wait() == 0
    called = start(WAIT, env={"WF_LIFETIME": "1.5"})
    assert called.call({"ms": 1800}).value == "waited"
    assert called.wait() == 0


@pytest.mark.parametrize("mode", MODES)
def test_whoever_is_told_that_it_is_ready_has_time_to_call(start: Start, mode: str) -> None:
    agent = start(WAIT, mode=mode, env={"WF_LIFETIME": "1"})
    connection, _ = agent.ready()
    assert becomes(lambda: not listens(agent))
    connection.send(call_frame({"ms": 0}))
    assert connection.answer().value == "waited"
    assert agent.wait() == 0


@pytest.mark.parametrize("mode", ["container", "process"])
def test_whoever_waits_for_a_long_load_gets_its_ready_and_as_much_time(start: Start, node: str, mode: str) -> None:
    agent = start(slow(node, 7000), mode=mode, env={"WF_LIFETIME": "1"})
    connection, _ = agent.ready()
    assert becomes(lambda: not listens(agent))
    time.sleep(1)  # a worker that writes a row meanwhile
    connection.send(call_frame({"ms": 0}))
    assert connection.answer().value == "waited"
    assert agent.wait() == 0


@pytest.mark.parametrize("mode", ["container", "shared"])
def test_nobody_is_waited_for_without_end(start: Start, mode: str) -> None:
    leaving, staying = (start(WAIT, mode=mode, env={"WF_LIFETIME": "1.5"}) for _ in range(2))
    connections = [agent.ready()[0] for agent in (leaving, staying)]
    assert becomes(lambda: not listens(leaving) and not listens(staying))
    assert staying.process.poll() is None
    connections[0].close()
    assert leaving.wait() == 0
    assert staying.process.poll() is None
    assert staying.wait() == 0


@pytest.mark.parametrize("mode", ["process", "shared"])
def test_a_lifetime_of_0_holds_while_a_call_runs_and_no_later_one_revives_it(start: Start, mode: str) -> None:
    agent = start(WAIT, mode=mode, env={"WF_LIFETIME": "600"})
    running, about_to_call = begin(agent, {"ms": 2000}), agent.ready()[0]
    asking, _ = agent.ready()
    asking.send({"type": "lifetime", "lifetime_s": 0})
    assert asking.receive() is None
    assert becomes(lambda: not listens(agent))
    head = {"type": "call", "id": "1", "lifetime_s": 600}
    about_to_call.send({**head, **call_frame({"ms": 0}), **head})
    assert about_to_call.answer().value == "waited"
    assert running.answer().value == "waited"
    assert agent.wait() == 0
