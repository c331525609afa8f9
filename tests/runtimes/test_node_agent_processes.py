"""The Node agent's mode `process`: how processes of calls end, and those that they have started."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.runtimes.steps import at_once, begin_printing, children, ends

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runtimes.node_agent import StartMany

pytest_plugins = ("tests.runtimes.node_agent",)

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


def test_sigterm_ends_it_with_every_process_of_it(start_many: StartMany) -> None:
    agent = start_many(HANG)
    connection, line = begin_printing(agent)
    processes = [*children(agent), *(int(pid) for pid in line.split())]
    agent.process.send_signal(signal.SIGTERM)
    assert agent.wait() == 128 + signal.SIGTERM
    assert connection.answer().frame is None
    assert all(ends(pid, 2) for pid in processes)
