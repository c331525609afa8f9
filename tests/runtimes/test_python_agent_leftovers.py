"""The Python agent's mode `process`: what a call has started ends with it, and nothing else does."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.runtimes.python_function import PythonFunction, interpreters
from tests.runtimes.python_process_mode import alive, becomes_true, begin, children, start


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def function(request: pytest.FixtureRequest, tmp_path: Path) -> PythonFunction:
    return PythonFunction(request.param, tmp_path / "function")


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


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
