"""The Node agent's mode `process`: many calls, each in a process that was started before it."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.agent_process import call_frame
from tests.runtimes.steps import at_once, becomes, begin, children

if TYPE_CHECKING:
    from tests.runtimes.node_agent import StartMany

pytest_plugins = ("tests.runtimes.node_agent",)

IDENTITY = "exports.handle = (event) => event;"
WAIT = "exports.handle = (event) => new Promise((done) => setTimeout(done, event.ms, 'waited'));"

SPEAK = """
const { execFileSync } = require('child_process');
const fs = require('fs');
exports.handle = async ({ word }) => {
  console.log(`printed ${word}`);
  execFileSync('sh', ['-c', 'echo child $0; echo error $0 >&2', word], { stdio: ['ignore', 'inherit', 'inherit'] });
  fs.writeSync(1, `raw ${word}\\n`);
  await new Promise((done) => setTimeout(done, 20));
  console.error(`late ${word}`);
  return word;
};
"""


def test_calls_at_once_have_their_own_results_and_logs(start_many: StartMany) -> None:
    agent = start_many(SPEAK)
    words = [f"word{i}" for i in range(8)]
    for word, answer in zip(words, at_once(agent, [{"word": word} for word in words]), strict=True):
        assert answer.value == word
        assert Counter(answer.stdout.splitlines()) == Counter([f"printed {word}", f"child {word}", f"raw {word}"])
        assert answer.stderr == f"error {word}\nlate {word}\n"
    assert agent.output() == ""


def test_no_user_code_runs_before_somebody_connects(start_many: StartMany, tmp: Path) -> None:
    agent = start_many(f"require('fs').writeFileSync('{tmp}/loaded', ''); console.log('loading'); {IDENTITY}")
    assert becomes(Path(str(agent.address)).exists)
    assert not children(agent)
    assert not (tmp / "loaded").exists()
    answer = agent.call(1)
    assert (answer.value, answer.stdout) == (1, "loading\n")
    assert (tmp / "loaded").exists()  # what loading has left belongs to every call


def test_output_of_all_kinds_is_cut_at_one_limit(start_many: StartMany) -> None:
    flood = "require('child_process').execFileSync('sh', ['-c', 'yes child | head -c 900'], { stdio: 'inherit' })"
    agent = start_many(f"exports.handle = () => {{ console.log('y'.repeat(899)); {flood}; }};", log_limit=1000)
    answer = agent.call()
    assert len(answer.stdout) == 1000
    assert [log for log in answer.logs if log[0] == "stderr"] == [("stderr", "[log cut at 1000 bytes]\n")]


def test_errors_are_told_as_ever(start_many: StartMany) -> None:
    agent = start_many("exports.handle = (how) => eval(how);")
    ways = {
        "throw new RangeError('thrown')": ("handler", "RangeError"),
        "setTimeout(() => { throw new RangeError('stray'); }); new Promise(() => {})": ("handler", "RangeError"),
        "new Promise(() => {})": ("handler", "NeverSettled"),
        "NaN": ("result", "TypeError"),
    }
    for way, expected in ways.items():
        error = agent.call(way).error
        assert (error["kind"], error["errorType"]) == expected


def test_more_callers_than_places_wait_their_turn(start_many: StartMany) -> None:
    agent = start_many(WAIT, concurrency=2)
    answers = at_once(agent, [{"ms": 20}] * 6)
    assert [answer.value for answer in answers] == ["waited"] * 6
    assert becomes(lambda: len(children(agent)) == 2)


def test_a_handler_that_cannot_be_loaded_is_told_and_ends_the_agent(start_many: StartMany) -> None:
    agent = start_many("console.log('looking'); nowhere();")
    agent.ready()[0].close()
    for connection in [agent.connect() for _ in range(4)]:  # whoever has connected before the first answer
        connection.send(call_frame())
        ready, answer = connection.receive(), connection.answer()
        assert ready is not None
        assert (answer.error["kind"], answer.stdout) == ("init", "looking\n")
    assert agent.wait() == 0


def test_a_handler_that_exits_while_it_is_loaded_is_told_and_ends_the_agent(start_many: StartMany) -> None:
    agent = start_many("console.log('first and last words'); process.exit(5);")
    answer = agent.call()
    assert (answer.error["kind"], answer.error["status"]) == ("exit", 5)
    assert answer.stdout == "first and last words\n"
    assert agent.wait() == 0


def test_many_large_events_and_results_at_once_take_no_heap_of_the_supervisor(
    start_many: StartMany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--max-old-space-size=16")  # MB; a call's process has its share of the memory
    agent = start_many(IDENTITY, memory=256 << 20)
    event = {"text": "x" * 6_000_000}
    with ThreadPoolExecutor(8) as threads:
        for connection in list(threads.map(lambda _: begin(agent, event), range(8))):
            assert connection.answer().value == event


@pytest.mark.parametrize(
    "sent",
    [
        b"\0\0\0\0",
        b"\0\0\0\1{",
        b"\0\0\0\4null",
        b"\xff\0\0\0",
        b"\0\0\0\x31" + b'{"type":"call","id":"1","lifetime_s":null,"event":',
    ],
)
def test_garbage_ends_its_connection_alone(start_many: StartMany, sent: bytes) -> None:
    agent = start_many(IDENTITY)
    other, _ = agent.ready()
    connection, _ = agent.ready()
    connection.sock.sendall(sent)
    assert connection.receive() is None
    other.send(call_frame(1))
    assert other.answer().value == 1


def test_many_calls_leave_nothing_behind(start_many: StartMany) -> None:
    agent = start_many(IDENTITY)

    def descriptors() -> int:
        return len(list(Path(f"/proc/{agent.process.pid}/fd").iterdir()))

    for i in range(3):
        assert agent.call(i).value == i
    assert becomes(lambda: len(children(agent)) == 2)
    before = descriptors()
    for i in range(20):
        assert agent.call(i).value == i
    assert becomes(lambda: len(children(agent)) == 2 and descriptors() <= before)
