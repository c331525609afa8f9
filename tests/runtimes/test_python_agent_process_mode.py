"""The Python agent's mode `process`: many calls, each in a process of its own that was ready before it came."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.runtimes.agent_process import AgentProcess, Connection, call_frame
from tests.runtimes.python_function import PythonFunction, interpreters

ECHO = "def lambda_handler(event, context): return event"
WITH_THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=[600], daemon=True).start()\n"


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def function(request: pytest.FixtureRequest, tmp_path: Path) -> PythonFunction:
    (tmp_path / "function").mkdir()
    return PythonFunction(request.param, tmp_path / "function")


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


def start(function: PythonFunction, source: str, **settings: object) -> AgentProcess:
    env = {f"WF_{name.upper()}": str(value) for name, value in settings.items()}
    return function.agent(source, mode="process", env=env)


def begin(agent: AgentProcess, event: object = None):
    connection, _ = agent.ready()
    connection.send(call_frame(event))
    return connection


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def at_its_end(connection: Connection) -> bool:
    """A close with unread bytes may arrive as a reset."""
    try:
        return connection.receive() is None
    except ConnectionResetError:
        return True


def alive(pid: int) -> bool:
    """A zombie is not: it is only waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def becomes_true(condition) -> bool:
    """For what nothing tells a peer about."""
    give_up = time.monotonic() + 10
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.01)
    return True


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


def test_every_call_has_a_temporary_folder_that_is_gone_afterwards(function, tmp):
    (tmp / "before").touch()
    source = f"""
        import os, pathlib, random, tempfile
        pathlib.Path({str(tmp)!r}, "loaded").mkdir()
        pathlib.Path({str(tmp)!r}, "loaded", "model").touch()
        def lambda_handler(event, context):
            folder = tempfile.mkdtemp()
            os.chmod(folder, 0)
            pathlib.Path({str(tmp)!r}, "stray").mkdir(exist_ok=True)
            pathlib.Path({str(tmp)!r}, "loaded", f"stray{{event}}").touch()
            return [os.environ["TMPDIR"], folder, random.random()]
    """
    with start(function, source, tmp=tmp, lifetime=0) as agent:
        values = [agent.call(number).value for number in range(3)]
        assert len({value[0] for value in values}) == 3
        assert len({value[2] for value in values}) == 3
        assert all(folder.startswith(own + "/") for own, folder, _ in values)
        assert all(own.startswith(f"{tmp}/") for own, _, _ in values)
        paths = {tmp / "before", tmp / "loaded", tmp / "loaded/model"}
        assert becomes_true(lambda: {path for path in below(tmp) if not path.name.startswith("call-")} == paths)
        assert becomes_true(lambda: not any(Path(own).exists() for own, _, _ in values))
        end(agent)
        assert below(tmp) == paths


def below(folder: Path) -> set[Path]:
    """Some may go while this looks."""
    return {Path(parent, name) for parent, folders, files in os.walk(folder) for name in folders + files}


def end(agent: AgentProcess) -> None:
    connection = agent.connect()
    connection.send({"type": "lifetime", "lifetime_s": 0})
    connection.close()
    assert agent.wait() == 0, agent.output()


def test_processes_that_a_call_leaves_are_ended_and_those_of_its_neighbour_live_on(function, tmp):
    source = f"""
        import os, pathlib, subprocess, time
        def lambda_handler(event, context):
            if event == "neighbour":
                child = subprocess.Popen(["sleep", "600"])
                pathlib.Path({str(tmp.parent)!r}, "begun").write_text(str(child.pid))
                while not pathlib.Path({str(tmp.parent)!r}, "end").exists():
                    time.sleep(0.01)
                return child.poll()
            pids = [subprocess.Popen(["sleep", "600"]).pid, subprocess.Popen(["setsid", "sleep", "600"]).pid]
            read, write = os.pipe()
            if os.fork() == 0:
                os.setsid()
                daemon = os.fork()
                if daemon == 0:
                    os.execvp("sleep", ["sleep", "600"])
                os.write(write, b"%d" % daemon)
                os._exit(0)
            os.wait()
            pids.append(int(os.read(read, 20)))
            if event == "crash":
                pathlib.Path({str(tmp.parent)!r}, "crashed").write_text(repr(pids))
                os._exit(3)
            return pids
    """
    with start(function, source, tmp=tmp) as agent:
        neighbour = begin(agent, "neighbour")
        assert becomes_true((tmp.parent / "begun").exists)
        left = agent.call("daemons").value
        assert agent.call("crash").error["status"] == 3
        left += eval((tmp.parent / "crashed").read_text())
        assert becomes_true(lambda: not any(map(alive, left)))
        assert alive(int((tmp.parent / "begun").read_text()))
        (tmp.parent / "end").touch()
        assert neighbour.answer().value is None
        assert becomes_true(lambda: not alive(int((tmp.parent / "begun").read_text())))


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


STUBBORN = """
    import os, pathlib, signal, subprocess
    def lambda_handler(event, context):
        if not event:
            return "served"
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen(["sh", "-c", "trap '' TERM; while :; do :; done"])
        pathlib.Path(event).write_text(f"{os.getpid()} {child.pid}")
        while True:
            pass
"""


@pytest.mark.parametrize("way", ["cancel", "close"])
def test_a_call_that_is_given_up_is_ended_with_its_children(function, tmp, way):
    with start(function, STUBBORN) as agent:
        connection = begin(agent, str(tmp / "pids"))
        assert becomes_true(lambda: (tmp / "pids").exists() and len((tmp / "pids").read_text().split()) == 2)
        pids = [int(pid) for pid in (tmp / "pids").read_text().split()]
        if way == "cancel":
            connection.send({"type": "cancel"})
            assert connection.answer().frame is None
            assert not any(map(alive, pids))
        else:
            connection.close()
            assert becomes_true(lambda: not any(map(alive, pids)))
        assert agent.call().value == "served"


def test_sigterm_ends_every_process(function, tmp):
    with start(function, STUBBORN) as agent:
        begin(agent, str(tmp / "pids"))
        assert becomes_true(lambda: (tmp / "pids").exists() and len((tmp / "pids").read_text().split()) == 2)
        (zygote,) = children(agent.process.pid)
        pids = [*map(int, (tmp / "pids").read_text().split()), zygote, *children(zygote)]
        agent.process.send_signal(signal.SIGTERM)
        assert agent.wait() == 128 + signal.SIGTERM
        assert becomes_true(lambda: not any(map(alive, pids)))


def test_it_ends_when_it_has_had_no_call_for_its_lifetime(function):
    source = "import time\ndef lambda_handler(event, context): time.sleep(event)"
    with start(function, source, lifetime=0.5) as agent:
        assert agent.call(1).frame["type"] == "result"
        ended = time.monotonic()
        agent.ready()[0].close()
        assert agent.wait() == 0
        assert 0.4 < time.monotonic() - ended < 1.5


def test_its_lifetime_can_be_changed_and_0_drains(function):
    source = "import time\ndef lambda_handler(event, context):\n    time.sleep(event)\n    return event"
    with start(function, source, lifetime=600) as agent:
        running = begin(agent, 0.5)
        asking = agent.connect()
        asking.send({"type": "lifetime", "lifetime_s": 0})
        frames = [asking.receive(), asking.receive()]
        assert frames[-1] is None
        asking.close()
        with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
            agent._connected_socket()
        assert running.answer().value == 0.5
        running.close()
        assert agent.wait() == 0
    with start(function, source, lifetime=600) as agent:
        connection, _ = agent.ready()
        connection.send({"type": "call", "id": "1", "lifetime_s": 0.1, "event": 0, "context": call_frame()["context"]})
        assert connection.answer().value == 0
        connection.close()
        assert agent.wait() == 0


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
        assert becomes_true(lambda: rest() == before), (before, rest())


def test_a_handler_that_starts_threads_is_loaded_for_each_call(function, tmp):
    source = WITH_THREAD + "print('loading')\n" + "def lambda_handler(event, context): return threading.active_count()"
    with start(function, source, tmp=tmp) as agent:
        first = agent.call()
        assert (first.value, first.stdout) == (2, "loading\n")
        assert "has started threads" in first.stderr
        with ThreadPoolExecutor(4) as callers:
            for answer in callers.map(agent.call, range(8)):
                assert (answer.value, answer.stdout, answer.stderr) == (2, "loading\n", "")


def test_a_killed_zygote_is_replaced(function):
    with start(function, "print('loading')\n" + ECHO) as agent:
        assert agent.call(1).value == 1
        (zygote,) = children(agent.process.pid)
        os.kill(zygote, signal.SIGKILL)
        assert becomes_true(lambda: not alive(zygote))
        with ThreadPoolExecutor(4) as callers:
            assert [answer.value for answer in callers.map(agent.call, range(20))] == list(range(20))
