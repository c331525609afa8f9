"""The Node agent's mode `process`: many calls, each in a process that was started before it."""

from __future__ import annotations

import os
import select
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.runtimes.agent_process import call_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.runtimes.agent_process import AgentProcess, Answer, Connection
    from tests.runtimes.node_agent import Start

    StartMany = Callable[..., AgentProcess]

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

FOLDER = """
const fs = require('fs');
const os = require('os');
const folder = os.tmpdir();
exports.handle = (event) => {
  fs.mkdirSync(`${folder}/closed/deep`, { recursive: true });
  fs.writeFileSync(`${folder}/closed/deep/file`, 'x');
  fs.chmodSync(`${folder}/closed`, 0);
  fs.writeFileSync(event.stray, 'x');
  return folder;
};
"""

# A child, one in a session of its own, one whose parent has ended, and one that is both and has no environment.
DAEMONS = """
const { execFileSync, spawn } = require('child_process');
exports.handle = () => {
  const child = spawn('sleep', ['600']).pid;
  const detached = spawn('sleep', ['600'], { detached: true }).pid;
  const print = (command) => Number(execFileSync('sh', ['-c', command]).toString());
  const orphan = print('sleep 600 >/dev/null 2>&1 & echo $!');
  const daemon = print('setsid sleep 600 >/dev/null 2>&1 & echo $!');
  const bare = print('env -i sleep 600 >/dev/null 2>&1 & echo $!');
  return [child, detached, orphan, daemon, bare];
};
"""

END = """
const fs = require('fs');
exports.handle = ({ how }) => {
  console.log('printed');
  fs.writeSync(1, 'last words\\n');
  if (how === 'exit') process.exit(3);
  if (how === 'reallyExit') process.reallyExit(4);
  process.kill(process.pid, how);
  for (;;);
};
"""

HANG = """
const { spawn } = require('child_process');
exports.handle = (event) => {
  process.on('SIGTERM', () => {});
  const child = spawn('sh', ['-c', 'trap "" TERM; sleep 600']);
  console.log(`${process.pid} ${child.pid}`);
  for (;;);
};
"""

NEIGHBOUR = """
const { execFile } = require('child_process');
exports.handle = ({ file }) => {
  console.log('begun');
  if (!file) return new Promise(() => setTimeout(() => {}, 6e5));
  return new Promise((done) => {
    execFile('sh', ['-c', `until [ -e ${file} ]; do sleep 0.01; done; echo 7`], (error, out) => done(Number(out)));
  });
};
"""


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    """The folder of temporary files, which is not empty."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    (folder / "theirs").touch()
    return folder


@pytest.fixture
def start_many(start: Start, tmp: Path) -> Iterator[StartMany]:
    """An agent that is ended before it is killed: nobody else knows its processes."""
    with ExitStack() as running:

        def start_many(files: str | dict[str, str], log_limit: int = 262144, **variables: object) -> AgentProcess:
            env = {f"WF_{name.upper()}": str(value) for name, value in variables.items()}
            agent = start(files, mode="process", log_limit=log_limit, env={"WF_TMP": str(tmp), **env})
            running.callback(agent.wait)
            running.callback(agent.process.terminate)
            return agent

        yield start_many


def at_once(agent: AgentProcess, events: list[dict[str, Any]]) -> list[Answer]:
    with ThreadPoolExecutor(len(events)) as threads:
        return list(threads.map(agent.call, events))


def begin(agent: AgentProcess, event: object = None, lifetime_s: float | None = None) -> Connection:
    connection, _ = agent.ready()
    head = {"type": "call", "id": "call-1", "lifetime_s": lifetime_s}
    connection.send({**head, **call_frame(event), **head})
    return connection


def begin_printing(agent: AgentProcess, event: object = None) -> tuple[Connection, str]:
    """A call whose first log has arrived, and that."""
    connection = begin(agent, event)
    frame = connection.receive()
    assert frame is not None
    return connection, frame["data"]


def ends(pid: int, within_s: float = 10) -> bool:
    """Waits for the end of a process that is no child of ours."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], within_s)[0])
    finally:
        os.close(descriptor)


def becomes(condition: Callable[[], bool], within_s: float = 10) -> bool:
    """Whether this is so in the end: what follows an answer is told to nobody."""
    give_up = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.005)
    return True


def children(agent: AgentProcess) -> list[int]:
    task = Path(f"/proc/{agent.process.pid}/task")
    return [int(pid) for thread in task.iterdir() for pid in (thread / "children").read_text().split()]


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


def test_a_call_has_a_folder_of_its_own_and_nothing_is_left_of_it(start_many: StartMany, tmp: Path) -> None:
    agent = start_many(FOLDER)
    first, second = (agent.call({"stray": str(tmp / "stray")}).value for _ in range(2))
    assert first != second
    assert Path(first).parent == tmp
    gone = [first, second, str(tmp / "stray")]
    assert becomes(lambda: not any(os.path.lexists(path) for path in gone))
    assert (tmp / "theirs").exists()


def test_processes_that_a_call_leaves_are_ended_and_a_neighbours_are_not(start_many: StartMany, tmp_path: Path) -> None:
    pids = start_many(DAEMONS).call().value
    assert len(pids) == 5
    assert all(ends(pid) for pid in pids)
    agent = start_many(NEIGHBOUR)
    neighbour, _ = begin_printing(agent, {"file": str(tmp_path / "flag")})
    other, _ = begin_printing(agent, {})
    other.send({"type": "cancel"})
    assert other.receive() is None
    (tmp_path / "flag").touch()
    assert neighbour.answer().value == 7


def test_a_process_that_ends_is_told_with_its_status_or_signal(start_many: StartMany) -> None:
    agent = start_many(END, concurrency=5)
    ways: dict[str, tuple[str, int]] = {"exit": ("status", 3), "reallyExit": ("status", 4)}
    ways |= {name: ("signal", signal.Signals[name]) for name in ("SIGKILL", "SIGTERM", "SIGSEGV")}
    for (name, number), answer in zip(ways.values(), at_once(agent, [{"how": how} for how in ways]), strict=True):
        assert (answer.error["kind"], answer.error[name]) == ("exit", number)
        assert "oom" not in answer.error
        assert sorted(answer.stdout.splitlines()) == ["last words", "printed"]
    assert agent.process.poll() is None


def test_the_heap_is_part_of_the_memory_of_one_call(start_many: StartMany) -> None:
    eat = "exports.handle = () => { console.log('eating'); const all = []; for (;;) all.push({ a: [all.length] }); };"
    answer = start_many(eat, memory=32 << 20).call()
    assert (answer.error["kind"], answer.error["oom"], answer.stdout[:7]) == ("exit", True, "eating\n")


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


def test_a_cancelled_call_is_dead_with_its_children_before_its_connection_closes(start_many: StartMany) -> None:
    agent = start_many(HANG)
    connection, line = begin_printing(agent)
    connection.send({"type": "cancel"})
    assert connection.receive() is None
    assert all(ends(int(pid), 0) for pid in line.split())
    connection, line = begin_printing(agent)
    connection.close()
    assert all(ends(int(pid), 2) for pid in line.split())
    agent.ready()[0].close()


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


def test_large_events_and_results_pass(start_many: StartMany) -> None:
    agent = start_many(IDENTITY)
    event = {"text": "x" * 6_000_000}
    assert all(answer.value == event for answer in at_once(agent, [event] * 3))


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


def test_sigterm_ends_it_with_every_process_of_it(start_many: StartMany) -> None:
    agent = start_many(HANG)
    connection, line = begin_printing(agent)
    processes = [*children(agent), *(int(pid) for pid in line.split())]
    agent.process.send_signal(signal.SIGTERM)
    assert agent.wait() == 128 + signal.SIGTERM
    assert connection.answer().frame is None
    assert all(ends(pid, 2) for pid in processes)


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
