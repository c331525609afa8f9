"""The Java agent's side of docs/agents.md: connections, calls, events, context, and its end."""

from __future__ import annotations

import signal
import stat
import struct
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.runtimes.agent_process import call_frame

if TYPE_CHECKING:
    from tests.runtimes.java_agent import Start

pytest_plugins = ("tests.runtimes.java_agent",)

ECHO = "Signatures.event"
DEEPEST = 509  # levels that are left for an event inside its frame and our object around it


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_it_is_ready_with_its_runtime_and_version(start: Start) -> None:
    connection, frame = start(ECHO, runtime="java17").ready()
    with closing(connection):
        assert frame == {"type": "ready", "runtime": "java17", "agent_version": 2}


def test_it_answers_probes_before_the_call(start: Start) -> None:
    agent = start(ECHO)
    for _ in range(3):
        agent.ready()[0].close()
    assert agent.call("after probes").value == {"event": "after probes"}


def test_it_loads_the_handler_once_and_its_output_belongs_to_the_first_call(start: Start) -> None:
    agent = start("Output.close")
    agent.ready()[0].close()
    agent.ready()[0].close()
    assert agent.call().stdout == "loading\nbefore\n"


def test_everybody_may_connect_to_its_socket(start: Start) -> None:
    agent = start(ECHO)
    agent.ready()[0].close()
    assert stat.S_IMODE(Path(str(agent.address)).stat().st_mode) == 0o777


@pytest.mark.parametrize("channel", ["unix", "tcp"])
def test_it_ends_with_status_0_after_one_call(start: Start, channel: str) -> None:
    agent = start(ECHO, channel=channel)
    assert agent.call({"over": channel}).value == {"over": channel}
    assert agent.wait() == 0
    assert agent.output() == ""


@pytest.mark.parametrize("channel", ["unix", "tcp"])
def test_its_stream_ends_after_the_result(start: Start, channel: str) -> None:
    connection, _ = start(ECHO, channel=channel).ready()
    with closing(connection):
        connection.send(call_frame(1))
        assert connection.answer().value == {"event": 1}
        assert connection.receive() is None


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"text": 'häßlich 日本 😀 \u2028 \x00\x1f\x7f " \\ / \b\f\n\r\t', "ключ 🎉": [[], {}, None, True, False, ""]},
        {"numbers": [0, -1, 2**53, 2**63 - 1, -(2**63), 2**63, 10**40, -(10**40)]},
        {"fractions": [1.5, -0.25, 0.1, 1e300, 1e-300, 5e-324, 1.0, 0.0]},
        {"levels": nested(DEEPEST - 1)},
        {"large": "ü" * (1 << 20)},
    ],
    ids=["empty", "text", "whole numbers", "fractions", "deep", "large"],
)
def test_it_gives_back_what_it_was_given(start: Start, event: dict[str, Any]) -> None:
    assert start(ECHO).call(event).value == event


@pytest.mark.parametrize("event", [None, True, 0, 1.5, "", "text", [], [1]], ids=repr)
def test_an_event_that_is_no_object_is_put_into_one(start: Start, event: object) -> None:
    assert start(ECHO).call(event).value == {"event": event}


def test_whole_numbers_stay_whole_and_fractions_stay_fractions(start: Start) -> None:
    value = start(ECHO).call([1, 1.0, 2**70]).value["event"]
    assert [type(number) for number in value] == [int, float, int]


@pytest.mark.parametrize("number", ["1e400", "-1e-400", "1E+999999"])
def test_a_number_beyond_a_double_is_kept(start: Start, number: str) -> None:
    connection, _ = start("Results.text").ready()
    with closing(connection):
        connection.send_payload(b'{"type":"call","context":{},"event":{"number":%s}}' % number.encode())
        assert float(connection.answer().value) == float(number)


@pytest.mark.parametrize(
    ("handler", "value"),
    [
        ("Signatures.nothing", "nothing"),
        ("Signatures.all", "event and context"),
        ("Signatures.two", "event"),
        ("Signatures.noValue", None),
        ("Signatures.number", 7),
        ("Signatures.hidden", "hidden"),
        ("Instance.greet", "hello Ada"),
    ],
)
def test_it_calls_a_handler_of_any_form(start: Start, handler: str, value: object) -> None:
    assert start(handler).call({"name": "Ada"}).value == value


def test_the_context_tells_about_the_call(start: Start) -> None:
    deadline_ms = int(time.time() * 1000) + 30_000
    seen = start("Signatures.context").call(deadline_ms=deadline_ms, memory_limit_in_mb=256).value
    assert 20_000 < seen.pop("remaining_time_ms") <= 30_000
    assert seen == {
        "call_id": "call-1",
        "function_name": "w1",
        "function_version": "v1",
        "memory_limit_in_mb": 256,
        "deadline_ms": deadline_ms,
    }


def test_no_time_remains_after_the_deadline(start: Start) -> None:
    assert start("Signatures.context").call(deadline_ms=1).value["remaining_time_ms"] == 0


def test_it_measures_the_handler_in_unix_ms(start: Start) -> None:
    before = time.time() * 1000
    frame = start("Signatures.nothing").call().frame
    assert frame is not None
    assert before - 2 < frame["started_ms"] <= frame["ended_ms"] < time.time() * 1000 + 2


def test_a_handler_finds_its_files_and_not_the_agents_variables(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("some data")
    seen = start("Place.look", env={"MINE": "häßlich"}).call().value
    assert (seen["file"], seen["resource"], seen["sees_itself"]) == ("some data", True, True)
    assert seen["environment"]["MINE"] == "häßlich"
    assert not [name for name in seen["environment"] if name.startswith("WF_")]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[1,]",
        b'{"a":1,}',
        b"nul",
        b"01",
        b"1.",
        b"-",
        b"+1",
        b".5",
        b"1e",
        b"NaN",
        b'"\n"',
        b'"\\x"',
        b'"\\u12g4"',
        b'"open',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"1e99999999999",
        b"{} {}",
        b"{}",
        b'{"type":"call","context":{}}',
        b'{"type":"call","event":1}',
        b"[" * 1000 + b"]" * 1000,
        b"[" * 1_000_000,
    ],
    ids=lambda payload: payload[:30].decode("latin-1") or "nothing",
)
def test_a_malformed_frame_closes_the_connection_and_nothing_else(start: Start, payload: bytes) -> None:
    agent = start(ECHO)
    connection, _ = agent.ready()
    with closing(connection):
        connection.send_payload(payload)
        assert connection.receive() is None
    assert agent.call("still there").value == {"event": "still there"}


@pytest.mark.parametrize("length", [(16 << 20) + 1, 0x80000000, 0xFFFFFFFF])
def test_a_frame_over_the_limit_closes_the_connection(start: Start, length: int) -> None:
    agent = start(ECHO)
    connection, _ = agent.ready()
    with closing(connection):
        connection.sock.sendall(struct.pack(">I", length))
        assert connection.receive() is None
    assert agent.call(1).value == {"event": 1}


@pytest.mark.parametrize("sent", [b"\0\0", b"\0\0\0\x09", b"\0\0\0\x09half"])
def test_a_frame_that_is_cut_short_is_no_call(start: Start, sent: bytes) -> None:
    agent = start(ECHO)
    connection, _ = agent.ready()
    with closing(connection):
        connection.sock.sendall(sent)
    assert agent.call(1).value == {"event": 1}


def test_a_peer_that_leaves_during_its_call_ends_the_agent(start: Start) -> None:
    agent = start("Output.many")
    connection, _ = agent.ready()
    connection.send(call_frame({"lines": 20_000, "line": "x"}))
    connection.close()
    assert agent.wait() == 0


@pytest.mark.parametrize("handler", ["Signatures.event", "Output.hang"])
def test_sigterm_ends_it(start: Start, handler: str) -> None:
    agent = start(handler)
    connection, _ = agent.ready()
    with closing(connection):
        if handler == "Output.hang":
            connection.send(call_frame())
            assert connection.receive()
        agent.process.send_signal(signal.SIGTERM)
        assert agent.wait() == 128 + signal.SIGTERM
        assert connection.answer().frame is None


@pytest.mark.parametrize("options", [{"mode": "alone"}, {"log_limit": "much"}], ids=repr)
def test_it_does_not_start_with_settings_that_it_does_not_know(start: Start, options: dict[str, Any]) -> None:
    agent = start(ECHO, **options)
    assert agent.wait() == 1
    assert str(next(iter(options.values()))) in agent.output()
