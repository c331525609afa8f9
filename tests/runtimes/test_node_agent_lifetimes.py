"""How long a Node agent lives: without a call, after its last one, and with somebody who is about to call."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.runtimes.node_process import WAIT, begin, children, ends

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runtimes.node_agent import Start, StartMany

pytest_plugins = ("tests.runtimes.node_agent",)


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
