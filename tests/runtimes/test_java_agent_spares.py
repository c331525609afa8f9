"""The Java agent's calls when processes that are started ahead of them die, or cannot be started or loaded."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.runtimes.agent_process import call_frame
from tests.runtimes.steps import becomes, begin, children

if TYPE_CHECKING:
    from tests.runtimes.agent_process import AgentProcess
    from tests.runtimes.java_agent import Start, StartMany

pytest_plugins = ("tests.runtimes.java_agent",)


def start_loading(start: Start, tmp: Path) -> AgentProcess:
    return start("Loading.handle", mode="process", env={"WF_TMP": str(tmp), "LOADING": str(tmp.parent)}, deadline_s=60)


def loads_more(folder: Path, times: int) -> bool:
    """Waits until the handler has been loaded so many times more, or has failed to."""
    until = (folder / "loads").stat().st_size + times
    return becomes(lambda: (folder / "loads").stat().st_size >= until)


def test_a_handler_that_cannot_be_loaded_while_a_call_runs_is_tried_again(start: Start, tmp: Path) -> None:
    agent = start_loading(start, tmp)
    go, broken = tmp.parent / "go", tmp.parent / "broken"
    running = begin(agent, {"file": str(go)})
    agent.ready()[0].close()  # one ahead, which has been loaded
    broken.touch()
    assert agent.call({}).value == "handled"
    assert loads_more(tmp.parent, 5)
    waiting = agent.connect()
    waiting.send(call_frame({}))
    assert loads_more(tmp.parent, 3)
    broken.unlink()
    assert waiting.receive() == agent.ready()[1]
    assert waiting.answer().value == "handled"
    go.touch()
    assert running.answer().value == "handled"
    assert agent.call({}).value == "handled"


def test_what_is_printed_while_loading_comes_in_as_few_frames_as_may_be(start: Start, tmp: Path) -> None:
    assert start_loading(start, tmp).call({}).logs == [("stdout", "loading\n" * 300)]


def test_every_call_may_have_an_event_of_the_largest_size_at_once(start: Start, tmp: Path) -> None:
    agent = start_loading(start, tmp)
    (tmp.parent / "hold").touch()
    connections = [agent.connect() for _ in range(8)]
    for connection in connections:
        connection.send(call_frame({"text": "x" * 16_700_000}))
    (tmp.parent / "hold").unlink()
    for connection in connections:
        assert connection.receive() is not None
        assert connection.answer().value == "handled"


def test_a_handler_that_can_no_longer_be_loaded_ends_the_agent(start: Start, tmp: Path) -> None:
    agent = start_loading(start, tmp)
    agent.ready()[0].close()
    (tmp.parent / "broken").touch()
    answer = agent.call({})
    while answer.frame is not None and answer.frame["type"] == "result":
        answer = agent.call({})
    assert (answer.error["kind"], answer.error["errorMessage"]) == ("init", "not now")
    assert agent.wait() == 0


def test_a_process_that_dies_between_ready_and_call_is_replaced(start_many: StartMany) -> None:
    agent = start_many("Signatures.event", concurrency=2)
    held, _ = agent.ready()
    other, _ = agent.ready()
    before = children(agent)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert becomes(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before))  # and the agent knows
    other.close()  # its place is found to be gone, and another one made
    assert agent.call(1).value == {"event": 1}
    held.send(call_frame(2))
    assert held.answer().value == {"event": 2}


def test_no_room_for_temporary_files_delays_calls_and_ends_nothing(start_many: StartMany, tmp: Path) -> None:
    agent = start_many("Signatures.event", concurrency=1)
    agent.ready()[0].close()
    began = time.monotonic()
    tmp.rename(tmp.parent / "away")
    assert agent.call(1).value == {"event": 1}
    waiting = agent.connect()

    def failures() -> int:
        return agent.output().count("NoSuchFileException")

    assert becomes(lambda: failures() >= 4)
    assert failures() <= 1 + (time.monotonic() - began) / 0.1  # one in every tenth of a second
    (tmp.parent / "away").rename(tmp)
    ready = waiting.receive()
    assert ready is not None
    assert ready["type"] == "ready"
