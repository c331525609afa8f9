"""The Python agent's mode `process`: many calls, each in a process of its own that was ready before it came."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.runtimes.agent_process import Connection, call_frame
from tests.runtimes.python_function import PythonFunction, interpreters
from tests.runtimes.python_process_mode import ECHO, at_its_end, becomes_true, begin, children, start


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def function(request: pytest.FixtureRequest, tmp_path: Path) -> PythonFunction:
    return PythonFunction(request.param, tmp_path / "function")


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


def test_many_calls_at_once_get_each_its_own_answer_and_log(function, tmp):
    source = """
        import os, subprocess, sys
        print("loading")
        state = []
        def lambda_handler(event, context):
            state.append(event)
            print("out", event)
            sys.stderr.write(f"err {event}\\n")
            os.write(1, b"raw %d\\n" % event)
            subprocess.run(f"echo child {event}", shell=True)
            return [event, len(state), os.getpid()]
    """
    with start(function, source, tmp=tmp) as agent:
        assert agent.call(-1).stdout == "loading\nout -1\nraw -1\nchild -1\n"
        with ThreadPoolExecutor(8) as callers:
            answers = list(callers.map(agent.call, range(40)))
    for number, answer in enumerate(answers):
        assert answer.value[:2] == [number, 1]
        assert answer.stdout == f"out {number}\nraw {number}\nchild {number}\n"
        assert answer.stderr == f"err {number}\n"
    assert len({answer.value[2] for answer in answers}) == 40


def test_a_process_that_ends_by_itself_ends_its_own_call_only(function):
    source = """
        import ctypes, os, sys
        def lambda_handler(event, context):
            print("before")
            exec(event)
    """
    with start(function, source) as agent:
        waiting = begin(agent, "import time; time.sleep(1.5)")
        assert agent.call("os._exit(3)").error["status"] == 3
        assert agent.call("os._exit(0)").error["status"] == 0
        killed = agent.call("os.kill(os.getpid(), 9)")
        assert (killed.error["kind"], killed.error["signal"], killed.error["oom"]) == ("exit", 9, False)
        assert killed.stdout == "before\n"
        assert agent.call("ctypes.string_at(0)").error["signal"] == signal.SIGSEGV
        assert agent.call("os.closerange(3, 999)").error["kind"] == "exit"
        assert agent.call("os.write(3, b'x' * 100)").error["kind"] == "exit"
        assert agent.call("sys.exit(4)").error["kind"] == "handler"
        assert waiting.answer().frame["type"] == "result"


def processor_time(pid: int) -> float:
    """Seconds so far."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def test_when_all_ends_of_a_crashed_process_are_told_at_once_the_agent_rests_afterwards(function):
    source = """
        import os, signal
        def lambda_handler(supervisor, context):
            os.kill(supervisor, signal.SIGSTOP)
            os._exit(3)
    """
    with start(function, source) as agent:
        supervisor = agent.process.pid
        connection = begin(agent, supervisor)
        (zygote,) = children(supervisor)
        forked = set(children(zygote))
        assert becomes_true(lambda: set(children(zygote)) < forked)  # the process has ended, and the zygote has said so
        os.kill(supervisor, signal.SIGCONT)
        assert connection.answer().error["status"] == 3
        connection.close()
        before = processor_time(supervisor)
        time.sleep(1)
        assert processor_time(supervisor) - before < 0.5


def is_closed(connection: Connection) -> bool:
    """By the other side, for both directions; nobody reads the empty frame that is sent else."""
    try:
        connection.sock.send(b"")
    except OSError:
        return True
    return False


@pytest.mark.parametrize("channel", ["unix", "tcp"])
def test_a_large_result_arrives_whole_and_then_the_end(function, channel):
    source = "def lambda_handler(event, context): return event * 'x'"
    with function.agent(source, mode="process", channel=channel) as agent:
        for size in (1, 6_000_000):
            connection = begin(agent, size)
            assert len(connection.answer().value) == size
            assert at_its_end(connection)


def test_on_a_unix_socket_the_agent_does_not_wait_until_who_has_his_answer_closes(function):
    with start(function, ECHO) as agent:
        connection = begin(agent)
        assert not is_closed(connection)
        connection.answer()
        assert becomes_true(lambda: is_closed(connection))


def test_more_callers_than_places_wait_and_are_served(function):
    source = "import os, time\ndef lambda_handler(event, context):\n    time.sleep(0.05)\n    return event"
    with start(function, source, concurrency=2) as agent:
        first, second = begin(agent, 1), begin(agent, 2)
        third = agent.connect()
        assert [first.answer().value, second.answer().value] == [1, 2]
        assert third.receive()["type"] == "ready"
        third.close()
        with ThreadPoolExecutor(6) as callers:
            assert [answer.value for answer in callers.map(agent.call, range(12))] == list(range(12))


def test_a_handler_that_cannot_be_loaded_is_told_to_the_first_call_and_ends_the_agent(function):
    with start(function, "print('loading')\nraise ValueError('broken')") as agent:
        agent.ready()[0].close()
        answer = agent.call()
        assert (answer.error["kind"], answer.error["errorType"]) == ("init", "ValueError")
        assert answer.stdout == "loading\n"
        assert agent.wait() == 0
    with start(function, "import os\nprint('loading')\nos._exit(5)") as agent:
        answer = agent.call()
        assert (answer.error["kind"], answer.error["status"], answer.stdout) == ("exit", 5, "loading\n")
        assert agent.wait() == 0


def test_large_events_and_results_pass_and_a_slow_reader_holds_nobody_up(function):
    with start(function, ECHO) as agent:
        slow = begin(agent, "x" * 6_000_000)
        assert agent.call("y" * 6_000_000).value == "y" * 6_000_000
        for number in range(20):
            assert agent.call(number).value == number
        assert slow.answer().value == "x" * 6_000_000


def test_garbage_on_one_connection_leaves_the_others_alone(function):
    with start(function, ECHO) as agent:
        other, _ = agent.ready()
        for garbage in (b"\xff\xff\xff\xffgarbage", b"\x00\x00\x00\x02{}", b"GET / HTTP/1.1\r\n\r\n"):
            connection, _ = agent.ready()
            connection.sock.sendall(garbage)
            assert at_its_end(connection)
        other.send(call_frame("still here"))
        assert other.answer().value == "still here"


def test_hundreds_of_calls_leave_no_process_descriptor_or_file(function, tmp):
    with start(function, ECHO, tmp=tmp) as agent:
        agent.call()

        def rest():
            (zygote,) = children(agent.process.pid)
            return (
                len(list(Path(f"/proc/{agent.process.pid}/fd").iterdir())),
                len(children(zygote)),
                len(list(tmp.iterdir())),
            )

        assert becomes_true(lambda: rest()[1:] == (8, 8))
        before = rest()
        with ThreadPoolExecutor(4) as callers:
            assert [answer.value for answer in callers.map(agent.call, range(200))] == list(range(200))
        assert becomes_true(lambda: all(now <= then for now, then in zip(rest(), before, strict=True))), (
            before,
            rest(),
        )
