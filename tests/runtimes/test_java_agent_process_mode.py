"""The Java agent's mode `process`: many calls, each in a process that was started before it."""

from __future__ import annotations

import os
import signal
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.agent_process import call_frame
from tests.runtimes.steps import at_once, becomes, begin_printing, children, ends

if TYPE_CHECKING:
    from tests.runtimes.java_agent import Start, StartMany

pytest_plugins = ("tests.runtimes.java_agent",)


def test_calls_at_once_have_their_own_results_and_logs(start_many: StartMany) -> None:
    agent = start_many("Processes.speak")
    words = [f"word{i}" for i in range(8)]
    for word, answer in zip(words, at_once(agent, [{"word": word} for word in words]), strict=True):
        assert answer.value == word
        printed = Counter(answer.stdout.splitlines())
        assert printed == Counter([f"printed {word}", f"child {word}", f"error {word}", f"raw {word}"])
    assert agent.output() == ""


def test_what_children_print_is_cut_at_the_limit(start: Start, tmp: Path) -> None:
    answer = start("Processes.flood", mode="process", log_limit=1000, env={"WF_TMP": str(tmp)}).call()
    assert len(answer.stdout) <= 1000
    assert answer.logs[-1] == ("stderr", "[log cut at 1000 bytes]\n")


def test_a_call_has_a_folder_of_its_own_and_nothing_is_left_of_it(start_many: StartMany, tmp: Path) -> None:
    agent = start_many("Processes.folder")
    first, second = agent.call().value, agent.call().value
    assert first["folder"] != second["folder"]
    assert Path(first["folder"]).parent == tmp
    assert (first["property"], first["files"]) == (first["folder"], 2)
    gone = [first["folder"], second["folder"], str(tmp / "stray")]
    assert becomes(lambda: not any(os.path.lexists(path) for path in gone))
    assert (tmp / "theirs").exists()


def test_processes_that_a_call_leaves_are_ended_and_a_neighbours_are_not(start_many: StartMany, tmp_path: Path) -> None:
    agent = start_many("Processes.daemons")
    pids = agent.call().value
    assert all(ends(pid) for pid in pids)
    neighbours = start_many("Processes.await", tmp=tmp_path)
    neighbour, _ = begin_printing(neighbours, {"file": str(tmp_path / "flag")})
    other, _ = begin_printing(neighbours, {"file": str(tmp_path / "another flag")})
    other.send({"type": "cancel"})
    assert other.receive() is None
    (tmp_path / "flag").touch()
    assert neighbour.answer().value == 7


def test_a_process_that_ends_is_told_with_its_status_or_signal(start_many: StartMany) -> None:
    agent = start_many("Processes.end", concurrency=4)
    ways = {"exit": ("status", 3), "halt": ("status", 4), "kill": ("signal", 9), "terminate": ("signal", 15)}
    ways["exit like a signal"] = ("status", 137)
    ways["crash"] = ("signal", signal.SIGABRT)
    for (name, number), answer in zip(ways.values(), at_once(agent, [{"how": how} for how in ways]), strict=True):
        assert (answer.error["kind"], answer.error["errorType"]) == ("exit", "ProcessEnded")
        assert answer.error[name] == number
        assert "oom" not in answer.error
        assert "last words\n" in answer.stdout
    assert agent.process.poll() is None


def test_an_exit_says_where_it_was_called(start_many: StartMany) -> None:
    error = start_many("Processes.end").call({"how": "exit"}).error
    assert error["errorMessage"] == "the handler called System.exit"
    assert error["stackTrace"][1].startswith("at main.Processes.end(Processes.java:")


def test_the_heap_is_part_of_the_memory_of_one_call(start_many: StartMany) -> None:
    agent = start_many("Failures.eat", memory=64 << 20)
    for _ in range(2):
        answer = agent.call()
        assert (answer.error["kind"], answer.error["oom"], answer.stdout) == ("exit", True, "eating\n")


def test_a_cancelled_call_is_dead_with_its_children_before_its_connection_closes(start_many: StartMany) -> None:
    agent = start_many("Processes.hang")
    connection, line = begin_printing(agent)
    connection.send({"type": "cancel"})
    assert connection.receive() is None
    assert all(ends(int(pid), 0) for pid in line.split())
    connection, line = begin_printing(agent)
    connection.close()
    assert all(ends(int(pid), 2) for pid in line.split())
    agent.ready()[0].close()


def test_more_callers_than_places_wait_their_turn(start_many: StartMany) -> None:
    agent = start_many("Processes.wait", concurrency=2)
    answers = at_once(agent, [{"ms": 50}] * 6)
    assert [answer.value for answer in answers] == ["waited"] * 6
    assert len(children(agent)) <= 3  # with the shell that kills


def test_a_handler_that_cannot_be_loaded_is_told_once_and_ends_the_agent(start_many: StartMany) -> None:
    agent = start_many("Unloadable.handler")
    agent.ready()[0].close()
    answer = agent.call()
    assert (answer.error["kind"], answer.stdout) == ("init", "looking\n")
    assert agent.wait() == 0


def test_a_handler_that_exits_while_it_is_loaded_is_told_and_ends_the_agent(start_many: StartMany) -> None:
    agent = start_many("Leaving.handler")
    answer = agent.call()
    assert (answer.error["kind"], answer.error["status"]) == ("exit", 5)
    assert answer.stdout == "some first and last words\n"
    assert agent.wait() == 0


def test_a_call_that_pretends_the_end_of_its_output_ends_all_the_same(start_many: StartMany) -> None:
    agent = start_many("Processes.pretend", concurrency=1)
    for _ in range(2):
        answer = agent.call()
        assert (answer.value, answer.stdout) == ("pretended", "before")


def test_large_events_and_results_pass(start_many: StartMany) -> None:
    agent = start_many("Signatures.event")
    text = "x" * 6_200_000
    assert all(answer.value == {"text": text} for answer in at_once(agent, [{"text": text}] * 3))


def test_both_streams_arrive_in_the_order_of_printing(start_many: StartMany, tmp_path: Path) -> None:
    runs = [
        (name, "".join(data for _, data in run))
        for name, run in groupby(start_many("Output.both").call().logs, key=lambda log: log[0])
    ]
    assert runs[:3] == [("stdout", "loading\nout 0 ü 🍐\n"), ("stderr", "err 0\n"), ("stdout", "out 1 ü 🍐\n")]
    text = "ü" * 30_000
    assert start_many("Output.error", tmp=tmp_path).call({"text": text}).stderr == text
    assert start_many("Output.close", tmp=tmp_path).call().stderr == "still open\n"


@pytest.mark.parametrize("payload", [b"", b"{", b'{"type":"call","event":1}', b'{"type":"call","context":{}', b"\xff"])
def test_garbage_ends_its_connection_alone(start_many: StartMany, payload: bytes) -> None:
    agent = start_many("Signatures.event")
    other, _ = agent.ready()
    connection, _ = agent.ready()
    connection.send_payload(payload)
    assert connection.receive() is None
    other.send(call_frame(1))
    assert other.answer().value == {"event": 1}


def test_sigterm_ends_it_with_every_process_of_it(start_many: StartMany) -> None:
    agent = start_many("Processes.hang")
    connection, line = begin_printing(agent)
    processes = [*children(agent), *(int(pid) for pid in line.split())]
    agent.process.send_signal(signal.SIGTERM)
    assert agent.wait() == 128 + signal.SIGTERM
    assert connection.answer().frame is None
    assert all(ends(pid, 2) for pid in processes)


def test_many_calls_leave_nothing_behind(start_many: StartMany) -> None:
    agent = start_many("Signatures.event", concurrency=3)

    def descriptors() -> int:
        return len(list(Path(f"/proc/{agent.process.pid}/fd").iterdir()))

    def is_quiet() -> bool:
        return len(children(agent)) == 3  # two spares, and the shell that kills

    for i in range(5):
        assert agent.call(i).value == {"event": i}
    assert becomes(is_quiet)
    before = descriptors()
    for i in range(40):
        assert agent.call(i).value == {"event": i}
    assert becomes(lambda: is_quiet() and descriptors() <= before + 8)  # a spare that is starting has none yet
