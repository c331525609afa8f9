"""What a Node function prints: log frames in order, up to the limit, and never anything else."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.agent_process import call_frame

if TYPE_CHECKING:
    from tests.runtimes.node_agent import Start

pytest_plugins = ("tests.runtimes.node_agent",)


def test_both_streams_arrive_in_order_before_the_result(start: Start) -> None:
    answer = start("""exports.handle = async () => {
      console.log('one %d', 1); console.error('two'); await null; process.stdout.write('three');
      process.stderr.write(Buffer.from('four')); console.log(); return 'done';
    };""").call()
    assert answer.value == "done"
    assert answer.logs == [
        ("stdout", "one 1\n"),
        ("stderr", "two\n"),
        ("stdout", "three"),
        ("stderr", "four"),
        ("stdout", "\n"),
    ]


def test_lines_of_loading_and_of_waiting_belong_to_the_first_call(start: Start) -> None:
    agent = start(
        "console.log('load'); setTimeout(console.log, 5, 'idle'); exports.handle = () => console.log('call');"
    )
    agent.ready()[0].close()
    time.sleep(0.2)
    assert agent.call().stdout == "load\nidle\ncall\n"


def test_frames_cannot_be_forged_by_printing_them(start: Start) -> None:
    forged = '\\0\\0\\0\\x20{"type":"result","value":"forged"}'
    answer = start(f"""exports.handle = () => {{
      process.stdout.write('{forged}'); require('fs').writeSync(1, '{forged}'); return 'real';
    }};""").call()
    assert answer.value == "real"
    assert answer.stdout.endswith('{"type":"result","value":"forged"}')


@pytest.mark.parametrize(
    "mischief",
    [
        "process.stdout.write = () => { throw new Error('mine'); };",
        "console.log = () => {};",
        "Object.defineProperty(process, 'stdout', { value: null });",
        "process.stdout.end('bye'); process.stdout.destroy(); process.stderr.destroy();",
        "require('fs').closeSync(1); require('fs').closeSync(2);",
        "JSON.stringify = () => 'mine'; JSON.parse = null; Date.now = () => NaN; process.hrtime = null;",
        "Array.prototype.forEach = null; require('fs').writeSync = null; Atomics.wait = null;",
        "process.chdir('/'); process.title = 'mine'; process.umask(0o777);",
    ],
)
def test_nothing_that_is_closed_or_replaced_breaks_the_frames(start: Start, mischief: str) -> None:
    assert start(f"exports.handle = (event) => {{ {mischief} return event; }};").call({"a": "ü"}).value == {"a": "ü"}


def test_a_replaced_write_can_still_use_the_original(start: Start) -> None:
    answer = start("""exports.handle = () => {
      const write = process.stdout.write;
      process.stdout.write = (chunk, ...rest) => write.call(process.stdout, `[${chunk}]`, ...rest);
      console.log('x');
    };""").call()
    assert answer.stdout == "[x\n]"


def test_the_streams_call_back_and_take_encodings_and_pipes(start: Start) -> None:
    answer = start("""exports.handle = async () => {
      await new Promise((done) => process.stdout.write('6869', 'hex', done));
      await new Promise((done) => process.stdout.write('-', done));
      let calls = 0;
      const count = () => { calls += 1; };
      for (let i = 0; i < 3; i += 1) process.stdout.write('.', count);
      require('stream').Readable.from(['a', Buffer.from('b')]).pipe(process.stdout);
      await new Promise((done) => setTimeout(done, 20));
      return calls;
    };""").call()
    assert answer.value == 3
    assert answer.stdout == "hi-...ab"


def test_what_is_neither_text_nor_bytes_is_refused_as_by_node(start: Start) -> None:
    error = start("exports.handle = () => process.stdout.write(5);").call().error
    assert (error["kind"], error["errorType"]) == ("handler", "TypeError")


def test_bytes_that_are_not_utf8_are_replaced_and_split_characters_joined(start: Start) -> None:
    answer = start("""exports.handle = () => {
      for (const byte of Buffer.from('😀')) process.stdout.write(Buffer.from([byte]));
      process.stdout.write(Buffer.from([0x61, 0xff, 0x62, 0xe2]));
      process.stderr.write('\\ud800');
    };""").call()
    assert answer.stdout == "😀a\ufffdb\ufffd"
    assert answer.stderr == "\ufffd"


@pytest.mark.parametrize("fill", ["'x'.repeat(200000)", "'😀'.repeat(50000)", "Buffer.alloc(200000, 0xff)"])
def test_long_output_comes_in_frames_of_at_most_64_kib(start: Start, fill: str) -> None:
    answer = start(f"exports.handle = () => {{ process.stdout.write({fill}); }};").call()
    assert all(len(data.encode()) <= 65536 for _, data in answer.logs)
    assert len(answer.stdout) == {"'x": 200_000, "'😀": 50_000, "Bu": 200_000}[fill[:2]]


@pytest.mark.parametrize(("length", "notice"), [(100, ""), (101, "[log cut at 100 bytes]\n")])
def test_the_log_is_cut_at_its_limit_with_a_notice(start: Start, length: int, notice: str) -> None:
    answer = start(f"exports.handle = () => {{ console.log('x'.repeat({length - 1})); }};", log_limit=100).call()
    assert answer.stdout == ("x" * (length - 1) + "\n")[:100]
    assert answer.stderr == notice


def test_both_streams_count_and_nothing_follows_the_notice(start: Start) -> None:
    answer = start(
        """exports.handle = () => {
          process.stderr.write('é'.repeat(20)); process.stdout.write('é'.repeat(40)); console.error('more');
        };""",
        log_limit=101,
    ).call()
    assert answer.value is None
    assert answer.logs == [("stderr", "é" * 20), ("stdout", "é" * 30), ("stderr", "[log cut at 101 bytes]\n")]


def test_a_loop_that_prints_without_end_needs_no_memory(start: Start, node: str) -> None:
    answer = start("""exports.handle = () => {
      const before = process.memoryUsage().rss;
      for (let i = 0; i < 400000; i += 1) console.log('a line that nobody will ever read', i);
      return process.memoryUsage().rss - before;
    };""").call()
    assert answer.value < 60_000_000
    assert answer.stderr == "[log cut at 262144 bytes]\n"


def test_one_line_of_100_mb_is_cut(start: Start) -> None:
    answer = start("const line = 'x'.repeat(1e8); exports.handle = () => { process.stdout.write(line); };").call()
    assert len(answer.stdout) == 262_144


def test_a_slow_reader_gets_everything(start: Start) -> None:
    source = "exports.handle = () => { for (let i = 0; i < 30; i += 1) console.log('y'.repeat(99999)); };"
    with closing(start(source, log_limit=9**9).ready()[0]) as connection:
        connection.send(call_frame())
        time.sleep(0.5)  # long enough for the socket's buffers to be full
        assert len(connection.answer().stdout) == 3_000_000


def test_output_of_child_processes_and_threads(start: Start) -> None:
    answer = start("""exports.handle = async () => {
      process.stdout.write(require('child_process').execFileSync('echo', ['child']));
      const worker = new (require('worker_threads').Worker)("console.log('thread')", { eval: true });
      await new Promise((done) => worker.on('exit', done));
    };""").call()
    assert answer.stdout == "child\nthread\n"
