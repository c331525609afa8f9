"""The Node agent's mode `shared`: many calls at once in one process."""

from __future__ import annotations

import resource
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.agent_process import call_frame

if TYPE_CHECKING:
    from tests.runtimes.agent_process import AgentProcess, Connection
    from tests.runtimes.node_agent import Start

pytest_plugins = ("tests.runtimes.node_agent",)

MEET = """
console.log('loading');
const waiting = [];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
exports.handle = async ({ word }) => {
  console.log(`before ${word}`);
  if (waiting.length === 7) waiting.forEach((go) => go());
  else await new Promise((go) => waiting.push(go));
  await pause(Math.random() * 10);
  setImmediate(() => process.stdout.write(`in a callback ${word}\\n`));
  await pause(10);
  console.error(`after ${word}`);
  return waiting.length;
};
"""

LATER = """
exports.handle = async (word) => {
  setTimeout(() => console.log(`later ${word}`), 1);
  return word === 'wait' ? new Promise((done) => setTimeout(done, 50)) : undefined;
};
"""

LISTEN = """
let hear;
const listen = () => new Promise((done) => { hear = done; }).then((word) => {
  listen();
  console.log(`heard ${word}`);
});
listen();
exports.handle = ({ say, ms }) => {
  console.log('begun');
  hear(say);
  return new Promise((done) => setTimeout(done, ms));
};
"""

DO = "exports.handle = (how) => { console.log('begun'); return eval(how); };"
WAIT = "new Promise((done) => setTimeout(done, ms, 'waited'))"
NEVER = "new Promise(() => {})"


def begin(agent: AgentProcess, event: object) -> Connection:
    """A call that has printed something."""
    connection, _ = agent.ready()
    connection.send(call_frame(event))
    assert connection.receive() is not None
    return connection


def test_calls_at_once_share_the_process_and_have_their_own_logs(start: Start) -> None:
    agent = start(MEET, mode="shared")
    words = [f"word{i}" for i in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(agent.call, [{"word": word} for word in words]))
    for word, answer in zip(words, answers, strict=True):
        assert answer.value == 7
        assert answer.stdout.removeprefix("loading\n") == f"before {word}\nin a callback {word}\n"
        assert answer.stderr == f"after {word}\n"
    assert [answer.stdout.startswith("loading") for answer in answers].count(True) == 1
    assert agent.output() == ""


def test_one_call_follows_the_other(start: Start) -> None:
    agent = start("let n = 0; exports.handle = () => (n += 1);", mode="shared", env={"WF_CONCURRENCY": "1"})
    agent.ready()[0].close()
    assert [agent.call().value for _ in range(100)] == list(range(1, 101))


def test_output_of_no_call_goes_to_the_containers_log(start: Start) -> None:
    agent = start(LATER, mode="shared")
    assert agent.call("wait").stdout == "later wait\n"
    assert agent.call("not").stdout == ""
    assert agent.call("wait").stdout == "later wait\n"
    assert agent.output() == "later not\n"


def test_what_loading_prints_later_is_the_first_calls_only_as_long_as_that_is_the_only_one(start: Start) -> None:
    agent = start(LISTEN, mode="shared")
    first = begin(agent, {"say": "first", "ms": 700})
    assert agent.call({"say": "second", "ms": 20}).stdout == "begun\n"
    assert first.answer().stdout == "heard first\n"
    assert agent.output() == "heard second\n"


def test_an_exit_ends_all_calls(start: Start) -> None:
    agent = start(DO, mode="shared")
    other = begin(agent, NEVER)
    for answer in (agent.call("process.exit(3)"), other.answer()):
        assert (answer.error["kind"], answer.error["status"]) == ("exit", 3)
    assert agent.wait() == 3


def test_an_error_is_that_of_the_call_in_which_it_happens(start: Start) -> None:
    agent = start(DO, mode="shared")
    other = begin(agent, "new Promise((done) => setTimeout(done, 300, 'fine'))")
    for how in ("throw new RangeError('mine')", f"setTimeout(() => {{ throw new RangeError('mine'); }}); {NEVER}"):
        error = agent.call(how).error
        assert (error["kind"], error["errorMessage"]) == ("handler", "mine")
    assert agent.call("setTimeout(() => { throw new Error('after the call'); }); 5").value == 5
    assert other.answer().value == "fine"
    assert "Error: after the call" in agent.output()


def test_an_error_of_no_call_ends_the_process_as_in_plain_node(start: Start) -> None:
    loading = "let go; new Promise((done) => { go = done; }).then(() => setTimeout(() => { throw new Error('x'); }));"
    agent = start(
        f"{loading} exports.handle = (x) => {{ console.log(x); if (x) go(); return {NEVER}; }};", mode="shared"
    )
    other = begin(agent, 0)
    for answer in (agent.call(1), other.answer()):
        assert (answer.error["kind"], answer.error["status"]) == ("exit", 1)
    assert agent.wait() == 1
    assert "Error: x" in agent.output()


def test_a_call_that_is_cancelled_gives_its_place_to_another(start: Start) -> None:
    agent = start(DO, mode="shared", env={"WF_CONCURRENCY": "1", "WF_LIFETIME": "60"})
    for farewell in ({"type": "cancel"}, {"type": "call"}):
        connection = begin(agent, NEVER)
        connection.send(farewell)
        assert connection.receive() is None
    begin(agent, NEVER).close()
    last, _ = agent.ready()
    last.send({"type": "lifetime", "lifetime_s": 0})
    assert agent.wait() == 0


def test_garbage_ends_its_connection_alone(start: Start) -> None:
    agent = start(DO, mode="shared", env={"WF_CONCURRENCY": "2"})
    with closing(begin(agent, NEVER)):
        for payload in (b"", b"{", b"null", b'{"type":"call","id":"1","lifetime_s":null,"event":'):
            with closing(agent.ready()[0]) as connection:
                connection.send_payload(payload)
                assert connection.receive() is None
        assert agent.call("7").value == 7


@pytest.mark.parametrize(
    "wrong", ["console.log('looking'); nowhere();", "console.log('looking'); setImmediate(() => nowhere());"]
)
def test_a_handler_that_cannot_be_loaded_is_told_once_and_ends_the_agent(start: Start, wrong: str) -> None:
    agent = start(f"exports.handle = () => 1; {wrong}", mode="shared")
    agent.ready()[0].close()
    answer = agent.call()
    assert (answer.error["kind"], answer.stdout) == ("init", "looking\n")
    assert agent.wait() == 0


def test_a_call_that_takes_all_descriptors_does_not_end_the_others(start: Start, node: str) -> None:
    agent = start(f"exports.handle = (ms) => {{ console.log('begun'); return {WAIT}; }};", mode="shared")
    running = begin(agent, 1500)
    soft, hard = resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE, (3, hard))
    newcomer = agent.connect()
    assert running.answer().value == "waited"
    resource.prlimit(agent.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
    if "node12" in node:  # it tells the agent, which makes room for another
        assert agent.wait() == 0
    else:
        ready = newcomer.receive()
        assert ready
        assert ready["type"] == "ready"
