"""The Node agent's side of docs/agents.md: connections, calls, values, context, and its end."""

from __future__ import annotations

import signal
import stat
import struct
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.agent_process import call_frame

if TYPE_CHECKING:
    from tests.runtimes.node_agent import Start

pytest_plugins = ("tests.runtimes.node_agent",)

IDENTITY = "exports.handle = (event) => event;"


def test_it_is_ready_with_its_runtime_and_version(start: Start) -> None:
    connection, frame = start(IDENTITY, runtime="node12").ready()
    connection.close()
    assert frame == {"type": "ready", "runtime": "node12", "agent_version": 2}


def test_it_answers_probes_before_the_call(start: Start) -> None:
    agent = start(IDENTITY)
    for _ in range(3):
        agent.ready()[0].close()
    assert agent.call("after probes").value == "after probes"


def test_it_loads_the_handler_once_and_only_when_somebody_connects(start: Start) -> None:
    agent = start("console.log('loading', process.uptime() > 0); exports.handle = () => 1;")
    agent.ready()[0].close()
    assert agent.call().stdout == "loading true\n"


def test_everybody_may_connect_to_its_socket(start: Start) -> None:
    agent = start(IDENTITY)
    agent.ready()[0].close()
    assert stat.S_IMODE(Path(str(agent.address)).stat().st_mode) == 0o777


def test_it_serves_over_tcp(start: Start) -> None:
    assert start(IDENTITY, channel="tcp").call({"over": "tcp"}).value == {"over": "tcp"}


@pytest.mark.parametrize(
    "event",
    [None, True, 0, -1.5, "", "häßlich 日本 😀 \u2028 \x00", [], {}, [[{"ключ": ["🎉", None]}]], {"__proto__": 1}],
    ids=repr,
)
def test_it_gives_back_what_it_was_given(start: Start, event: object) -> None:
    assert start(IDENTITY).call(event).value == event


def test_it_carries_values_of_megabytes_both_ways(start: Start) -> None:
    event = {"text": "ü😀x" * 200_000, "list": list(range(50_000))}
    assert start(IDENTITY).call(event).value == event


@pytest.mark.parametrize(
    "handler",
    [
        "exports.handle = () => 7;",
        "exports.handle = async () => 7;",
        "exports.handle = () => new Promise((resolve) => setTimeout(resolve, 5, 7));",
        "exports.handle = () => ({ then(resolve) { setTimeout(resolve, 5, 7); } });",
        "exports.handle = () => Promise.resolve({ then(resolve) { resolve(7); } });",
        "class Seven { value() { return 7; } handle() { return this.value(); } } module.exports = new Seven();",
        "exports.default = { handle: () => 7 };",
    ],
)
def test_it_takes_every_kind_of_handler(start: Start, handler: str) -> None:
    assert start(handler).call().value == 7


@pytest.mark.parametrize(
    ("files", "handler"),
    [
        ({"lib/deep/index.js": "exports.run = () => 'ok';"}, "lib/deep/index.run"),
        ({"my.index.js": "exports.run = () => 'ok';"}, "my.index.run"),
        ({"index.cjs": "exports.handle = () => 'ok';"}, "index.handle"),
        ({"index.mjs": "export const handle = () => 'ok';"}, "index.handle"),
        ({"index.mjs": "export default { handle: async () => 'ok' };"}, "index.handle"),
        ({"index.js": "export async function handle() { return 'ok'; }", "package.json": '{"type": "module"}'}, None),
        (
            {"index.mjs": "import { a } from './a.mjs'; export const handle = a;", "a.mjs": "export const a=()=>'ok'"},
            None,
        ),
        ({"index.js": "exports.handle = require('ok');", "node_modules/ok.js": "module.exports = () => 'ok';"}, None),
    ],
)
def test_it_finds_handlers_in_folders_and_es_modules(start: Start, files: dict[str, str], handler: str | None) -> None:
    assert start(files, handler or "index.handle").call().value == "ok"


def test_it_loads_modules_that_await_at_their_top(start: Start, node: str) -> None:
    answer = start({"index.mjs": "const x = await 5; export const handle = () => x;"}).call()
    if "node12" in node:  # it has no await there, and says so
        assert (answer.error["kind"], answer.error["errorType"]) == ("init", "SyntaxError")
    else:
        assert answer.value == 5


def test_the_context_has_the_calls_data_and_the_remaining_time(start: Start) -> None:
    answer = start("exports.handle = (event, context) => ({ ...context, left: context.remaining_time_ms() });").call(
        call_id="call-9", deadline_ms=int(time.time() * 1000) + 5000
    )
    assert answer.value["call_id"] == "call-9"
    assert answer.value["memory_limit_in_mb"] == 128
    assert 3000 < answer.value["left"] <= 5000


def test_the_remaining_time_is_never_negative(start: Start) -> None:
    assert start("exports.handle = (event, context) => context.remaining_time_ms();").call(deadline_ms=1).value == 0


def test_the_handler_does_not_see_the_agents_environment(start: Start) -> None:
    seen = start("exports.handle = () => Object.keys(process.env);", env={"MINE": "1"}).call().value
    agents_own = {"WF_CHANNEL", "WF_HANDLER", "WF_MODE", "WF_RUNTIME", "WF_LOG_LIMIT", "WF_RESULT_LIMIT"}
    assert "MINE" in seen
    assert not agents_own & set(seen)


def test_the_times_are_those_of_the_handler_alone(start: Start) -> None:
    before = int(time.time() * 1000)
    frame = start("exports.handle = () => new Promise((done) => setTimeout(done, 50));").call().frame
    assert frame is not None
    assert before <= frame["started_ms"] <= time.time() * 1000
    assert 49 <= frame["ended_ms"] - frame["started_ms"] < 1000


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("undefined", None),
        ("{ a: undefined, b: [undefined] }", {"b": [None]}),
        ("new Date(0)", "1970-01-01T00:00:00.000Z"),
        ("{ toJSON() { return undefined; } }", None),
        ("{ n: new Number(4), s: new String('x'), z: -0 }", {"n": 4, "s": "x", "z": 0}),
        ("{ type: 'Buffer', data: [1] }", {"type": "Buffer", "data": [1]}),
        ("{ pair: '\\ud83d\\ude00', text: '\\\\ud83d' }", {"pair": "😀", "text": "\\ud83d"}),
    ],
)
def test_results_follow_the_rules_of_json_stringify(start: Start, expression: str, value: object) -> None:
    assert start(f"exports.handle = () => ({expression});").call().value == value


@pytest.mark.parametrize(
    "expression",
    [
        "NaN",
        "[1, [-Infinity]]",
        "{ n: new Number(NaN) }",
        "10n",
        "{ deep: { big: 1n } }",
        "() => 1",
        "Symbol('x')",
        "{ method() {} }",
        "[Symbol.iterator]",
        "'\\ud83d'",
        "{ ['\\ude00']: 1 }",
        "(() => { const a = {}; a.self = [a]; return a; })()",
        "Buffer.from('x')",
        "[Buffer.from('x')]",
        "{ bytes: new Uint8Array(2) }",
        "new Float64Array(1)",
        "new ArrayBuffer(1)",
        "{ toJSON() { throw new RangeError('mine'); } }",
        "(() => { let a = []; for (let i = 0; i < 1e6; i += 1) a = [a]; return a; })()",
    ],
)
def test_a_value_that_is_no_json_is_a_result_error(start: Start, expression: str) -> None:
    error = start(f"exports.handle = () => ({expression});").call().error
    assert error["kind"] == "result"
    assert error["errorType"] in {"TypeError", "RangeError"}
    assert error["errorMessage"]


def test_a_result_error_names_the_place(start: Start) -> None:
    error = start("exports.handle = () => ({ list: [{ ratio: 0 / 0 }] });").call().error
    assert error["errorMessage"] == 'the result contains the number NaN, which JSON does not have at "ratio"'


@pytest.mark.parametrize(("letters", "kind"), [(48, "result"), (49, "error")])
def test_the_size_limit_counts_utf8_bytes(start: Start, letters: int, kind: str) -> None:
    frame = start(f"exports.handle = () => 'ü'.repeat({letters});", result_limit=98).call().frame
    assert frame is not None
    assert frame["type"] == kind
    if kind == "error":
        assert (frame["kind"], frame["errorType"]) == ("result", "ResultTooLarge")


LEFT_OVERS = [
    "setInterval(() => {}, 1000);",
    "require('net').createServer().listen(0);",
    "require('child_process').spawn('sleep', ['60'], { stdio: 'inherit' });",
    "new (require('worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true });",
    "process.on('exit', () => { process.exitCode = 9; for (;;); });",
    "process.exitCode = 9;",
]


@pytest.mark.parametrize("left_over", LEFT_OVERS)
def test_it_ends_after_one_call_whatever_the_function_leaves_behind(start: Start, left_over: str) -> None:
    agent = start(f"exports.handle = () => {{ {left_over} return 'done'; }};", deadline_s=5)
    assert agent.call().value == "done"
    assert agent.wait() == 0


def test_the_answer_ends_the_stream_even_when_a_thread_is_busy(start: Start) -> None:
    # Node joins its threads before it ends; the worker must not wait for that.
    agent = start("exports.handle = () => { require('crypto').pbkdf2('a', 'b', 1e8, 9, 'sha512', () => {}); };")
    with closing(agent.ready()[0]) as connection:
        connection.send(call_frame())
        assert connection.answer().value is None
        assert connection.receive() is None


@pytest.mark.parametrize("work", ["new Promise((done) => setTimeout(done, 60000))", "(() => { for (;;); })()"])
def test_sigterm_ends_it_at_once(start: Start, work: str) -> None:
    agent = start(f"exports.handle = () => {{ console.log('running'); return {work}; }};")
    with closing(agent.ready()[0]) as connection:
        connection.send(call_frame())
        assert connection.receive() == {"type": "log", "stream": "stdout", "data": "running\n"}
        agent.process.send_signal(signal.SIGTERM)
        assert agent.wait() != 0


@pytest.mark.parametrize(
    "payload", [struct.pack(">I", 16 * 1024 * 1024 + 1), b"\0\0\0\0", b"\0\0\0\1{", b"\0\0\0\2[]", b"\0\0\0\4null"]
)
def test_a_protocol_error_closes_the_connection_and_nothing_else(start: Start, payload: bytes) -> None:
    agent = start(IDENTITY)
    with closing(agent.ready()[0]) as connection:
        connection.sock.sendall(payload)
        assert connection.receive() is None
    assert agent.call("still there").value == "still there"


def test_a_frame_may_come_in_pieces(start: Start) -> None:
    payload = b'{"type": "call", "id": "1", "event": "\xf0\x9f\x98\x80", "context": {}}'
    with closing(start(IDENTITY).ready()[0]) as connection:
        for byte in struct.pack(">I", len(payload)) + payload:
            connection.sock.sendall(bytes([byte]))
            time.sleep(0.0005)  # so that the agent reads most of them apart
        assert connection.answer().value == "😀"


def test_a_second_connection_cannot_start_a_second_call(start: Start) -> None:
    agent = start("""exports.handle = (event) => {
      console.log('begun');
      return new Promise((done) => setTimeout(done, 300, event));
    };""")
    with closing(agent.ready()[0]) as first, closing(agent.ready()[0]) as second:
        first.send(call_frame("first"))
        assert first.receive() == {"type": "log", "stream": "stdout", "data": "begun\n"}
        second.send(call_frame("second"))
        assert second.receive() is None
        assert first.answer().value == "first"
