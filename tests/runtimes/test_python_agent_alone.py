"""The Python agent's mode `process`: a handler that cannot be forked is loaded by a process for each call."""

from __future__ import annotations

import os
import signal
import socketserver
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.runtimes.agent_process import AgentProcess, call_frame
from tests.runtimes.python_function import PythonFunction, interpreters
from tests.runtimes.python_process_mode import ECHO, WITH_THREAD, becomes_true, children, start


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def function(request: pytest.FixtureRequest, tmp_path: Path) -> PythonFunction:
    return PythonFunction(request.param, tmp_path / "function")


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


def ready(agent: AgentProcess, loaded: Path, number: int = 2) -> list[int]:
    """The pids of those that wait for a call; each has written a line when it was loaded."""
    found: list[int] = []

    def is_there() -> bool:
        found[:] = children(agent.process.pid)
        return len(found) == number and {str(pid) for pid in found} <= set(loaded.read_text().split())

    assert becomes_true(is_there)
    return found


def kill(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert becomes_true(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_a_handler_that_starts_threads_is_loaded_for_each_call(function, tmp):
    source = WITH_THREAD + "print('loading')\n" + "def lambda_handler(event, context): return threading.active_count()"
    with start(function, source, tmp=tmp) as agent:
        first = agent.call()
        assert (first.value, first.stdout) == (2, "loading\n")
        assert "has started threads" in first.stderr
        with ThreadPoolExecutor(4) as callers:
            for answer in callers.map(agent.call, range(8)):
                assert (answer.value, answer.stdout, answer.stderr) == (2, "loading\n", "")


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line)


def test_a_handler_that_connects_somewhere_is_loaded_for_each_call(function):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever).start()
        source = f"""
            import socket
            lines = socket.create_connection({server.server_address!r}).makefile("rw")
            def lambda_handler(event, context):
                print(event, file=lines, flush=True)
                return int(lines.readline())
        """
        with start(function, source) as agent:
            first = agent.call(-1)
            assert (first.value, "has opened connections" in first.stderr) == (-1, True)
            with ThreadPoolExecutor(4) as callers:
                assert [answer.value for answer in callers.map(agent.call, range(20))] == list(range(20))
        server.shutdown()


@pytest.mark.parametrize("opened", ["socketpair()", "create_connection(server.getsockname())"])
def test_what_loading_has_connected_and_dropped_is_no_reason_for_it(function, opened):
    source = f"""
        import os, socket
        server = socket.socket()
        server.listen(1)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        garbage = [socket.{opened}]
        garbage.append(garbage)
        del garbage
        loader = os.getpid()
        def lambda_handler(event, context):
            return os.getppid() == loader
    """
    with start(function, source) as agent:
        assert agent.call().value is True


def noting(loaded: Path) -> str:
    """The last lines of a module that notes that it has been loaded."""
    return f"import os\nwith open({str(loaded)!r}, 'a') as file:\n    file.write('%d\\n' % os.getpid())\n"


def test_processes_that_end_before_their_call_are_replaced(function, tmp):
    loaded = tmp / "loaded"
    with start(function, WITH_THREAD + ECHO + "\n" + noting(loaded)) as agent:
        assert agent.call(0).value == 0
        kill(ready(agent, loaded))
        assert [agent.call(number).value for number in range(3)] == [0, 1, 2]
        connection, _ = agent.ready()
        kill(ready(agent, loaded, 3))
        connection.send(call_frame("late"))
        assert connection.answer().value == "late"


def failing(tmp: Path) -> str:
    """Lines that use up one file of the folder each time that they run, and fail then."""
    return f"""
import pathlib
for path in pathlib.Path({str(tmp)!r}).glob("fail*"):
    try:
        path.unlink()
    except FileNotFoundError:
        continue
    1 / 0
"""


def test_loading_that_fails_for_a_while_is_tried_again(function, tmp):
    loaded = tmp / "loaded"
    with start(function, WITH_THREAD + failing(tmp) + ECHO + "\n" + noting(loaded)) as agent:
        assert agent.call(0).value == 0
        spares = ready(agent, loaded)
        (tmp / "fail1").touch()
        (tmp / "fail2").touch()
        kill(spares)
        assert [agent.call(number).value for number in range(3)] == [0, 1, 2]
        assert list(tmp.glob("fail*")) == []


def test_loading_that_goes_on_failing_is_told_and_ends_the_agent(function, tmp):
    loaded = tmp / "loaded"
    with start(function, WITH_THREAD + failing(tmp) + ECHO + "\n" + noting(loaded)) as agent:
        assert agent.call(0).value == 0
        spares = ready(agent, loaded)
        for number in range(10):
            (tmp / f"fail{number}").touch()
        kill(spares)
        error = agent.call(1).error
        assert (error["kind"], error["errorType"]) == ("init", "ZeroDivisionError")
        assert agent.wait() == 0


def test_what_a_process_writes_while_it_loads_is_not_wiped(function, tmp):
    go, loaded = tmp.parent / "go", tmp.parent / "loaded"
    source = f"""
import os, pathlib, threading, time
threading.Thread(target=time.sleep, args=[600], daemon=True).start()
file = pathlib.Path({str(tmp)!r}, f"model-{{os.getpid()}}")
file.touch()
while not os.path.exists({str(go)!r}):
    time.sleep(0.01)
file.read_bytes()
def lambda_handler(event, context):
    pathlib.Path({str(tmp)!r}, "stray").touch()
    return os.environ["TMPDIR"]
"""
    go.touch()
    with start(function, source + noting(loaded), tmp=tmp) as agent:
        assert agent.call().frame["type"] == "result"
        ready(agent, loaded)
        go.unlink()
        agent.call()
        assert becomes_true(lambda: any((tmp / f"model-{pid}").exists() for pid in unfinished(agent, loaded)))
        folder = Path(agent.call().value)
        assert becomes_true(lambda: not folder.exists())
        waiting = [agent.connect(), agent.connect()]
        go.touch()
        for connection in waiting:
            assert connection.receive()["type"] == "ready"
            connection.send(call_frame())
            assert connection.answer().frame["type"] == "result"
        assert becomes_true(lambda: not (tmp / "stray").exists())


def unfinished(agent: AgentProcess, loaded: Path) -> set[int]:
    """The pids of those that are loading."""
    return set(children(agent.process.pid)) - set(map(int, loaded.read_text().split()))


def test_what_the_first_call_writes_on_the_agents_channel_cannot_end_its_neighbour(function, tmp):
    source = f"""
import gc, os
def lambda_handler(event, context):
    if event:
        (channel,) = [found for found in gc.get_objects() if type(found).__name__ == "Channel"]
        channel.send(b"ended %d 0" % event)
    while not os.path.exists({str(tmp / "go")!r}):
        time.sleep(0.01)
    return os.getpid()
"""
    with start(function, WITH_THREAD + source, concurrency=2) as agent:
        first, second = agent.ready()[0], agent.ready()[0]
        second.send(call_frame())
        (neighbour,) = children(agent.process.pid)[1:]
        first.send(call_frame(neighbour))
        assert first.sock.recv(1)
        (tmp / "go").touch()
        assert second.answer().value == neighbour
