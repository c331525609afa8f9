"""The Java agent's mode `shared`: many calls at once in one process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.agent_process import call_frame
from tests.runtimes.steps import becomes, begin, of_threads

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runtimes.java_agent import Start

pytest_plugins = ("tests.runtimes.java_agent",)


def test_calls_at_once_share_the_process_and_have_their_own_logs(start: Start) -> None:
    agent = start("Sharing.meet", mode="shared")
    words = [f"word{i}" for i in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(agent.call, [{"word": word} for word in words]))
    assert max(answer.value for answer in answers) == 4
    for word, answer in zip(words, answers, strict=True):
        assert answer.stdout.removeprefix("loading\n") == f"printed {word}\n"
    assert [answer.stdout.startswith("loading") for answer in answers].count(True) == 1
    assert sorted(agent.output().splitlines()) == [f"child {word}" for word in words]


def test_one_call_follows_the_other(start: Start) -> None:
    agent = start("Sharing.count", mode="shared", env={"WF_CONCURRENCY": "1"})
    agent.ready()[0].close()
    assert [agent.call().value for _ in range(100)] == list(range(1, 101))


def test_output_of_no_call_goes_to_the_containers_log(start: Start) -> None:
    agent = start("Sharing.later", mode="shared")
    assert agent.call({"word": "first"}).stdout == "loading\n"
    assert agent.call({"word": "second"}).stdout == ""
    assert agent.output() == "later first\nlater second\n"


def test_an_exit_ends_all_calls(start: Start) -> None:
    agent = start("Sharing.leave", mode="shared")
    other, _ = agent.ready()
    other.send(call_frame({}))
    assert other.receive() is not None
    for answer in (agent.call({"leave": True}), other.answer()):
        assert (answer.error["kind"], answer.error["errorMessage"]) == ("exit", "the handler called System.exit")
    assert agent.wait() == 3


def test_a_process_that_is_on_its_way_out_takes_no_more_calls(start: Start) -> None:
    agent = start("Sharing.leave", mode="shared")
    assert agent.call({"leave": True, "slowly": True}).error["kind"] == "exit"
    assert agent.process.poll() is None
    with pytest.raises(ConnectionRefusedError):
        agent._connected_socket()
    agent.process.kill()


def test_a_call_that_is_cancelled_gives_its_place_to_another(start: Start) -> None:
    agent = start("Sharing.leave", mode="shared", env={"WF_CONCURRENCY": "1", "WF_LIFETIME": "60"})
    for farewell in ({"type": "cancel"}, {"type": "call"}):
        connection, _ = agent.ready()
        connection.send(call_frame({}))
        assert connection.receive() is not None
        connection.send(farewell)
        assert connection.receive() is None
    last, _ = agent.ready()
    last.send({"type": "lifetime", "lifetime_s": 0})
    assert agent.wait() == 0


def test_the_thread_of_a_cancelled_call_ends_with_its_handler(start: Start, tmp: Path) -> None:
    # With one place: the thread that has loaded the handler would wait in another one if this call came to it late.
    agent = start("Loading.handle", mode="shared", env={"LOADING": str(tmp), "WF_CONCURRENCY": "1"})
    connection = begin(agent, {"file": str(tmp / "go")})
    assert connection.receive() is not None
    connection.send({"type": "cancel"})
    assert connection.receive() is None
    assert "handler\n" in of_threads(agent, "comm")
    (tmp / "go").touch()
    assert becomes(lambda: "handler\n" not in of_threads(agent, "comm"))


def test_failures_are_told_as_ever(start: Start) -> None:
    agent = start("Failures.raise", mode="shared")
    assert agent.call().error["kind"] == "handler"
    connection, _ = agent.ready()
    connection.send_payload(b'{"type":"call","event":1}')
    assert connection.receive() is None
    assert agent.call().error["kind"] == "handler"


def test_a_handler_that_cannot_be_loaded_is_told_once_and_ends_the_agent(start: Start) -> None:
    agent = start("Unloadable.handler", mode="shared")
    answer = agent.call()
    assert (answer.error["kind"], answer.stdout) == ("init", "looking\n")
    assert agent.wait() == 0
