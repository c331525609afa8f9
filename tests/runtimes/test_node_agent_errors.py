"""How a Node function fails: to load, by throwing, by exiting, by an error that passes by its promise."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.runtimes.node_agent import Start

pytest_plugins = ("tests.runtimes.node_agent",)

BAD_LINE = "const a = 1;\nconst b = ;\n"


@pytest.mark.parametrize(
    ("files", "handler", "message"),
    [
        ({}, "index.handle", "the package has no file index.js (nor .mjs or .cjs)"),
        ({}, "lib/index.handle", "the package has no file lib/index.js (nor .mjs or .cjs)"),
        ({}, "index", 'the handler "index" is not of the form file.export, such as index.handle'),
        ({"index.js": ""}, "index.handle", 'index.js has no export "handle"; it exports nothing'),
        (
            {"index.js": "exports.a = 1; exports.b = 2"},
            "index.handle",
            'index.js has no export "handle"; its exports are: a, b',
        ),
        (
            {"index.js": "exports.handle = 5"},
            "index.handle",
            'the export "handle" of index.js is of type number, not a function',
        ),
        ({"index.mjs": "export const a = 1"}, "index.handle", 'index.mjs has no export "handle"; its exports are: a'),
        ({"index.js": BAD_LINE}, "index.handle", "Unexpected token ';' (index.js:2)"),
        ({"index.js": "require('./lib/b')", "lib/b.js": BAD_LINE}, "index.handle", "Unexpected token ';' (lib/b.js:2)"),
        ({"index.mjs": BAD_LINE}, "index.handle", "Unexpected token ';' (index.mjs:2)"),
        ({"index.js": "throw new Error('at import')"}, "index.handle", "at import"),
        (
            {"index.js": "require('no-such')"},
            "index.handle",
            "Cannot find module 'no-such'\nRequire stack:\n- {folder}/index.js",
        ),
    ],
)
def test_a_handler_that_does_not_load_is_an_init_error(
    start: Start, files: dict[str, str], handler: str, message: str, tmp_path: object
) -> None:
    error = start(files, handler).call().error
    assert error["kind"] == "init"
    assert error["errorMessage"] == message.replace("{folder}", str(tmp_path))


def test_it_is_ready_and_logs_even_when_loading_failed(start: Start) -> None:
    agent = start("console.log('before'); nowhere();")
    agent.ready()[0].close()
    answer = agent.call()
    assert answer.error["errorType"] == "ReferenceError"
    assert answer.stdout == "before\n"
    assert agent.wait() == 0


@pytest.mark.parametrize(
    "stray", ["Promise.reject(new Error('stray'));", "setImmediate(() => { throw new Error('stray'); });"]
)
def test_a_stray_error_before_the_call_is_an_init_error(start: Start, stray: str) -> None:
    agent = start(f"{stray} exports.handle = () => 1;")
    agent.ready()[0].close()
    agent.ready()[0].close()
    error = agent.call().error
    assert (error["kind"], error["errorMessage"]) == ("init", "stray")


@pytest.mark.parametrize(
    "how",
    [
        "() => { throw new RangeError('broken'); }",
        "async () => { throw new RangeError('broken'); }",
        "() => Promise.reject(new RangeError('broken'))",
        "() => ({ then(resolve, reject) { reject(new RangeError('broken')); } })",
        "() => { setTimeout(() => { throw new RangeError('broken'); }); return new Promise(() => {}); }",
        "async () => { Promise.reject(new RangeError('broken')); await new Promise(() => setTimeout(() => {}, 9e4)); }",
    ],
)
def test_every_way_to_throw_is_a_handler_error(start: Start, how: str) -> None:
    agent = start(
        f"const handle = {how};\nexports.handle = (...args) => {{ console.log('first'); return handle(...args); }};"
    )
    answer = agent.call()
    assert (answer.error["kind"], answer.error["errorType"]) == ("handler", "RangeError")
    assert answer.error["errorMessage"] == "broken"
    assert answer.error["started_ms"] <= answer.error["ended_ms"]
    assert answer.stdout == "first\n"
    assert agent.wait() == 0


def test_the_stack_shows_the_functions_own_lines_only(start: Start) -> None:
    stack = start(
        "const inner = () => { throw new Error('x'); };\nexports.handle = async () => { await null; inner(); };"
    )
    trace = stack.call().error["stackTrace"]
    assert trace[0] == "Error: x"
    assert "index.js:1:" in trace[1]
    assert "index.js:2:" in trace[2]
    assert all("index.js" in line for line in trace[1:])


@pytest.mark.parametrize(
    ("thrown", "name", "message"),
    [
        ("'text'", "Error", "text"),
        ("undefined", "Error", "undefined"),
        ("Symbol('s')", "Error", "Symbol(s)"),
        ("{ a: 1 }", "Error", "[object Object]"),
        ("Object.create(null)", "Error", "the handler threw a value that cannot be shown"),
        ("new (class Mine extends Error {})('m')", "Mine", "m"),
        ("Object.assign(new Error('m'), { name: 'Named' })", "Named", "m"),
        ("Object.assign(new Error('m'), { stack: 5 })", "Error", "m"),
        (
            "Object.defineProperty(new Error(), 'message', { get() { throw 1; } })",
            "Error",
            "the handler threw a value that cannot be shown",
        ),
        ("new Error('\\ud800')", "Error", "\ufffd"),
    ],
)
def test_anything_can_be_thrown(start: Start, thrown: str, name: str, message: str) -> None:
    error = start(f"exports.handle = () => {{ throw {thrown}; }};").call().error
    assert (error["kind"], error["errorType"], error["errorMessage"]) == ("handler", name, message)


def test_an_error_of_megabytes_still_fits_into_a_frame(start: Start) -> None:
    error = start("exports.handle = () => { throw new Error('x'.repeat(3e7)); };").call().error
    assert error["errorMessage"] == "x" * 65536


@pytest.mark.parametrize("status", [0, 3])
def test_process_exit_is_an_exit_error_with_the_logs_before_it(start: Start, status: int) -> None:
    answer = start(f"""exports.handle = async () => {{
      process.on('exit', () => console.log('listener'));
      console.log('z'.repeat(200000));
      process.exit({status});
    }};""").call()
    assert (answer.error["kind"], answer.error["status"]) == ("exit", status)
    assert answer.error["errorMessage"] == f"the handler ended its process with status {status}"
    assert answer.stdout == "z" * 200000 + "\nlistener\n"


def test_process_exit_at_import_ends_the_stream(start: Start) -> None:
    agent = start("process.exit(4);")
    with closing(agent.connect()) as connection:
        assert connection.receive() is None
    assert agent.wait() == 4


@pytest.mark.parametrize(
    "end", ["process.abort()", "process.kill(process.pid, 'SIGKILL')", "process.kill(process.pid)"]
)
def test_a_death_ends_the_stream_after_the_logs(start: Start, end: str) -> None:
    answer = start(f"exports.handle = () => {{ console.log('last words'); {end}; for (;;); }};").call()
    assert answer.frame is None
    assert answer.stdout == "last words\n"


def test_a_full_heap_ends_the_stream(start: Start) -> None:
    source = "exports.handle = () => { const all = []; for (;;) all.push(new Array(1e5).fill('x')); };"
    agent = start(source, env={"NODE_OPTIONS": "--max-old-space-size=50"})
    assert agent.call().frame is None
    assert agent.wait() != 0


def test_a_stack_overflow_is_a_handler_error(start: Start) -> None:
    error = start("exports.handle = function again() { return again() + 1; };").call().error
    assert (error["kind"], error["errorType"]) == ("handler", "RangeError")


def test_a_promise_that_nothing_can_settle_is_a_handler_error(start: Start) -> None:
    error = start("exports.handle = () => new Promise(() => {});").call().error
    assert (error["kind"], error["errorType"]) == ("handler", "NeverSettled")


@pytest.mark.parametrize("event", ["uncaughtException", "unhandledRejection"])
def test_a_function_that_listens_for_stray_errors_deals_with_them(start: Start, event: str) -> None:
    answer = start(f"""process.on('{event}', (error) => console.log(error.message));
    exports.handle = async () => {{
      if ('{event}' === 'uncaughtException') setTimeout(() => {{ throw new Error('stray'); }});
      else Promise.reject(new Error('stray'));
      await new Promise((done) => setTimeout(done, 50));
      return 'went on';
    }};""").call()
    assert answer.value == "went on"
    assert answer.stdout == "stray\n"
