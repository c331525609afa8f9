"""The Python agent: listening, being asked whether it is ready, events in and results out."""

from __future__ import annotations

import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from tests.runtimes.agent_process import Connection, call_frame
from tests.runtimes.python_function import PythonFunction, interpreters

ECHO = "def lambda_handler(event, context): return event"
NOT_MUCH = b"x" * 100


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def function(request: pytest.FixtureRequest, tmp_path: Path) -> PythonFunction:
    return PythonFunction(request.param, tmp_path)


def test_it_says_that_it_is_ready_and_for_which_runtime(function):
    with function.agent(ECHO, runtime="python3.7") as agent:
        _, ready = agent.ready()
    assert ready == {"type": "ready", "runtime": "python3.7", "agent_version": 2}


def test_everybody_may_connect_to_its_socket(function):
    with function.agent(ECHO) as agent:
        agent.connect()
        assert stat.S_IMODE(Path(agent.address).stat().st_mode) == 0o777


def test_it_listens_before_it_runs_any_code_of_the_function(function):
    with function.agent("import pathlib; pathlib.Path('loaded').touch()") as agent:
        while not Path(agent.address).exists():
            assert agent.process.poll() is None
        assert not (function.folder / "loaded").exists()
        agent.ready()
        assert (function.folder / "loaded").exists()


def test_a_peer_that_closes_without_a_call_was_only_asking(function):
    with function.agent(ECHO) as agent:
        for _ in range(3):
            agent.ready()[0].close()
        assert agent.call("served").value == "served"
        assert agent.wait() == 0


def test_it_loads_the_handler_once_however_many_ask(function):
    with function.agent("print('loading')\n" + ECHO) as agent:
        agent.ready()[0].close()
        assert agent.call().stdout == "loading\n"


def test_it_ends_when_no_call_came_in_its_lifetime(function):
    with function.agent(ECHO, env={"WF_LIFETIME": "0.4"}) as agent:
        agent.ready()[0].close()
        assert agent.wait() == 0
    with function.agent(
        "import time\ndef lambda_handler(event, context): time.sleep(1)", env={"WF_LIFETIME": "0.5"}
    ) as agent:
        assert agent.call().value is None


def test_it_serves_over_tcp_as_well(function):
    assert function.call(ECHO, "over tcp", channel="tcp").value == "over tcp"


@pytest.mark.parametrize("channel", ["unix", "tcp"])
def test_a_large_result_arrives_whole_though_the_agent_has_ended(function, channel):
    with function.agent("def lambda_handler(event, context): return 'x' * 6000000", channel=channel) as agent:
        connection, _ = agent.ready()
        connection.send(call_frame())
        assert len(connection.answer().value) == 6000000


@pytest.mark.parametrize(
    "event",
    [
        None,
        True,
        0,
        -1.5e300,
        2**200,
        "",
        "grüße, 世界, 😀, \x00, \u2028",
        [],
        {},
        {"ключ": ["😀", {"deep": [None, False, 0.1]}]},
        [[[[[[[[[[1]]]]]]]]]],
        "a" * 1024 * 1024,
        list(range(100_000)),
    ],
    ids=lambda event: repr(event)[:20],
)
def test_an_event_comes_back_as_it_went_in(function, event):
    assert function.call(ECHO, event).value == event


def test_the_context_tells_about_the_call(function):
    source = """
        def lambda_handler(event, context):
            names = ["call_id", "function_name", "function_version", "memory_limit_in_mb", "deadline_ms"]
            return [getattr(context, name) for name in names]
    """
    with function.agent(source) as agent:
        answer = agent.call(call_id="c", function_name="f", function_version="v", memory_limit_in_mb=64, deadline_ms=9)
    assert answer.value == ["c", "f", "v", 64, 9]


def test_the_remaining_time_falls_and_is_never_negative(function):
    source = "def lambda_handler(event, context): return context.remaining_time_ms()"
    assert 50_000 < function.call(source).value <= 60_000
    with function.agent(source) as agent:
        assert agent.call(deadline_ms=1).value == 0


def test_the_times_are_those_of_the_handler_alone(function):
    source = """
        import time
        loaded = time.time() * 1000
        def lambda_handler(event, context):
            began = time.time() * 1000
            time.sleep(0.05)
            return [loaded, began, time.time() * 1000]
    """
    frame = function.call(source).frame
    loaded, began, ended = frame["value"]
    assert loaded <= frame["started_ms"] <= began + 0.001 < ended <= frame["ended_ms"] + 0.001  # rounded to the us


def test_tuples_and_plain_keys_become_what_json_makes_of_them(function):
    source = "def lambda_handler(event, context): return {1: (1, 2), 1.5: 'b', True: 'c', None: 'd'}"
    assert function.call(source).value == {"1": "c", "1.5": "b", "null": "d"}


def test_the_handler_does_not_see_the_settings_of_the_agent(function):
    source = "import os\ndef lambda_handler(event, context): return [n for n in os.environ if n.startswith('WF_')]"
    assert function.call(source).value == []


def test_a_handler_may_be_deep_in_a_package(function):
    function.write("def run(event, context): return 'deep'", "package/sub/module.py")
    assert function.call(handler="package.sub.module.run").value == "deep"


def test_a_function_may_have_modules_named_like_the_agents(function):
    for name in ("frames", "handler", "process", "supervisor"):
        function.write(f"NAME = 'my {name}'", f"{name}.py")
    source = "import frames, process, supervisor\ndef h(e, c): return [frames.NAME, process.NAME, supervisor.NAME]"
    function.write(source)
    assert function.call(handler="main.h").value == ["my frames", "my process", "my supervisor"]


def test_no_file_of_the_function_runs_in_the_process_that_listens(function):
    for name in ("sitecustomize", "json", "select", "signal"):
        function.write("raise SystemExit('in the supervisor')", f"{name}.py")
    answer = function.call(ECHO, "fine", env={"PYTHONPATH": str(function.folder)})
    assert answer.value == "fine"


def test_folders_in_pythonpath_are_searched(function):
    function.write("NAME = 'found'", "lib/helper.py")
    source = "import helper\ndef lambda_handler(event, context): return helper.NAME"
    assert function.call(source, env={"PYTHONPATH": str(function.folder / "lib")}).value == "found"


def test_dependencies_come_after_the_functions_own_files_and_the_standard_library(function):
    command = [*function.command[:1], "-c", "import sys; print('lib/python%d.%d/site-packages' % sys.version_info[:2])"]
    packages = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    for name in ("helper", "colorsys", "dependency"):
        function.write("ORIGIN = 'dependency'", f"base/{packages}/{name}.py")
    function.write("ORIGIN = 'function'", "helper.py")
    source = """
        import colorsys, dependency, helper
        def lambda_handler(event, context):
            return [helper.ORIGIN, dependency.ORIGIN, hasattr(colorsys, "ORIGIN")]
    """
    answer = function.call(source, env={"PYTHONUSERBASE": str(function.folder / "base")})
    assert answer.value == ["function", "dependency", False]


def test_worker_processes_of_multiprocessing_work(function):
    source = """
        import multiprocessing
        import math
        def lambda_handler(event, context):
            with multiprocessing.get_context(event).Pool(2) as pool:
                return pool.map(math.factorial, [3, 4])
    """
    for method in ("fork", "spawn"):
        assert function.call(source, method).value == [6, 24]


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xff\xff\xff" + NOT_MUCH,
        b"\x01\x00\x00\x01" + NOT_MUCH,
        b"\x00\x00\x01\x00cut short",
        b"GET / HTTP/1.1\r\n",
    ],
    ids=["4 GiB", "one byte over 16 MiB", "cut short", "http"],
)
def test_a_frame_that_breaks_the_protocol_closes_its_connection_only(function, garbage):
    with function.agent(ECHO) as agent:
        connection, _ = agent.ready()
        connection.sock.sendall(garbage)
        connection.sock.shutdown(socket.SHUT_WR)
        assert at_its_end(connection)
        assert agent.call("still here").value == "still here"


def at_its_end(connection: Connection) -> bool:
    """A close with unread bytes may arrive as a reset."""
    try:
        return connection.receive() is None
    except ConnectionResetError:
        return True


def test_a_payload_that_is_no_call_is_an_error(function):
    with function.agent(ECHO) as agent:
        connection, _ = agent.ready()
        connection.send_payload(b'{"type": "call"')
        answer = connection.answer()
    assert answer.error["kind"] == "exit"
    assert "JSONDecodeError" in answer.stderr


def test_sigterm_ends_it_at_once(function):
    with function.agent("import time\ndef lambda_handler(event, context): time.sleep(60)") as agent:
        connection, _ = agent.ready()
        connection.send(call_frame())
        agent.process.send_signal(signal.SIGTERM)
        assert agent.wait() == 128 + signal.SIGTERM


def test_it_ends_when_the_worker_goes_away_during_the_call(function):
    with function.agent("import time\ndef lambda_handler(event, context): time.sleep(60)") as agent:
        connection, _ = agent.ready()
        connection.send(call_frame())
        connection.close()
        assert agent.wait() == 0


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("WF_MODE", "nonsense", "WF_MODE is 'nonsense'; this agent knows container"),
        ("WF_LOG_LIMIT", "much", "WF_LOG_LIMIT is 'much', which is no number of bytes"),
        ("WF_HANDLER", "", "WF_HANDLER is not set"),
        ("WF_LIFETIME", "soon", "WF_LIFETIME is 'soon', which is no number of seconds"),
        ("WF_CONCURRENCY", "-1", "WF_CONCURRENCY is '-1', which is no number of calls"),
    ],
)
def test_a_bad_setting_is_named(function, name, value, complaint):
    options = {"WF_MODE": "mode", "WF_LOG_LIMIT": "log_limit", "WF_HANDLER": "handler"}
    option = {options[name]: value} if name in options else {"env": {name: value}}
    with function.agent(ECHO, **option) as agent:
        assert agent.wait() == 2
        assert complaint in agent.output()
