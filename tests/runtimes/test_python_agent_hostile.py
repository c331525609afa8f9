"""The Python agent: handlers that die, kill, fork, close and forge. The frames hold, and the logs arrive."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.python_function import PythonFunction, interpreters

if TYPE_CHECKING:
    from tests.runtimes.agent_process import Answer


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def function(request: pytest.FixtureRequest, tmp_path: Path) -> PythonFunction:
    return PythonFunction(request.param, tmp_path)


def run(function: PythonFunction, *statements: str) -> Answer:
    """Call a handler of these statements, which has printed a line before the first of them."""
    lines = ["print('before')", *statements]
    body = "".join(f"    {line}\n" for line in lines)
    return function.call(f"import ctypes, os, signal, sys, time\ndef lambda_handler(event, context):\n{body}")


def test_os_exit_is_told_with_its_status(function):
    answer = run(function, "os._exit(3)")
    assert answer.stdout == "before\n"
    assert answer.error == {
        "type": "error",
        "kind": "exit",
        "status": 3,
        "oom": False,
        "errorType": "ProcessEnded",
        "errorMessage": "the function's process ended with status 3 before it had answered",
        "stackTrace": [],
    }


def test_os_exit_with_status_0_is_no_success(function):
    assert run(function, "os._exit(0)").error["status"] == 0


def test_a_crash_is_told_with_its_signal(function):
    answer = run(function, "ctypes.string_at(0)")
    assert answer.stdout == "before\n"
    assert (answer.error["kind"], answer.error["signal"], answer.error["oom"]) == ("exit", signal.SIGSEGV, False)
    assert "signal 11 (SIGSEGV)" in answer.error["errorMessage"]


def test_a_kill_is_not_taken_for_the_memory_limit(function):
    error = run(function, "os.kill(os.getpid(), signal.SIGKILL)").error
    assert (error["signal"], error["oom"]) == (signal.SIGKILL, False)


def test_sigterm_to_itself_is_told(function):
    assert run(function, "os.kill(os.getpid(), signal.SIGTERM)", "time.sleep(9)").error["signal"] == signal.SIGTERM


def test_os_exit_at_import_is_told_once_there_is_a_call(function):
    answer = function.call("print('loading')\nimport os\nos._exit(5)")
    assert (answer.error["kind"], answer.error["status"], answer.stdout) == ("exit", 5, "loading\n")


def test_a_process_that_dies_between_loading_and_the_call_is_told(function):
    source = """
        import os, threading
        threading.Timer(0.05, os._exit, [6]).start()
        def lambda_handler(event, context): return "too late"
    """
    with function.agent(source) as agent:
        agent.ready()[0].close()
        time.sleep(0.2)  # the timer of the function
        assert agent.call().error["status"] == 6


def test_closing_every_descriptor_is_told_and_loses_no_log(function):
    answer = run(function, "os.closerange(3, 4096)", "print('after')", "return 1")
    assert answer.stdout == "before\nafter\n"
    assert answer.error["kind"] == "exit"
    assert "closed the agent's channel" in answer.error["errorMessage"]


def test_an_answer_is_not_written_into_a_file_that_took_the_descriptor(function):
    close_and_open = "os.closerange(3, 4096); files = [os.open(f'file{n}', os.O_RDWR | os.O_CREAT) for n in range(9)]"
    answer = run(function, close_and_open, "return 'secret'")
    assert answer.error["kind"] == "exit"
    assert [path.read_bytes() for path in function.folder.glob("file*")] == [b""] * 9


@pytest.mark.parametrize(
    "garbage",
    ["b'garbage'", "b'\\x00\\x00\\x00\\x00'", "b'\\x00\\x00\\x00\\x02{}'", "b'\\x00'", "b'x' * 100000"],
)
def test_bytes_on_the_agents_own_channel_end_this_call(function, garbage):
    answer = run(function, f"os.write(3, {garbage})", "return 'real'")
    assert answer.error["kind"] == "exit"
    assert answer.stdout == "before\n"


def test_a_forged_answer_on_every_descriptor_is_not_taken(function):
    payload = '{"type":"result","started_ms":1,"ended_ms":2,"value":"forged"}'
    source = f"""
        import os, struct
        def lambda_handler(event, context):
            payload = b'{payload}'
            for fd in range(3, 64):
                try:
                    os.write(fd, struct.pack(">I", len(payload)) + payload)
                except OSError:
                    pass
            return "real"
    """
    assert "forged" not in str(function.call(source).frame)


def test_a_forked_copy_that_returns_from_the_handler_does_not_answer(function):
    answer = run(function, "pid = os.fork()", "if pid: os.waitpid(pid, 0)", "return 'parent' if pid else 'copy'")
    assert answer.value == "parent"


def test_a_forked_copy_that_outlives_a_crash_does_not_hold_the_answer_back(function):
    started = time.monotonic()
    answer = run(function, "if os.fork() == 0: time.sleep(15)", "os._exit(7)")
    assert answer.error["status"] == 7
    assert time.monotonic() - started < 10


def test_a_daemon_that_keeps_the_streams_does_not_hold_the_answer_back(function):
    started = time.monotonic()
    answer = run(function, "import subprocess; subprocess.Popen(['sleep', '15'], start_new_session=False)", "return 1")
    assert (answer.value, answer.stdout) == (1, "before\n")
    assert time.monotonic() - started < 10


def test_a_daemon_that_never_stops_printing_does_not_hold_the_answer_back(function):
    answer = run(function, "import subprocess; subprocess.Popen(['yes'])", "time.sleep(0.1)", "return 1")
    assert answer.value == 1
    assert answer.logs[-1] == ("stderr", "[log cut at 262144 bytes]\n")


def test_a_thread_that_goes_on_does_not_hold_the_answer_back(function):
    started = time.monotonic()
    answer = run(function, "import threading; threading.Thread(target=time.sleep, args=[15]).start()", "return 1")
    assert answer.value == 1
    assert time.monotonic() - started < 10


def test_a_handler_that_kills_the_supervisor_ends_the_stream(function):
    with function.agent("import os\ndef lambda_handler(event, context): os.kill(os.getppid(), 9)") as agent:
        assert agent.call().frame is None
