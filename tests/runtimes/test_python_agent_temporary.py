"""The Python agent's temporary files: each call has a folder of its own, and what calls leave elsewhere is wiped."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.runtimes.python_function import PythonFunction, interpreters
from tests.runtimes.python_process_mode import at_its_end, becomes_true, below, change_agent, children, end, start


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def function(request: pytest.FixtureRequest, tmp_path: Path) -> PythonFunction:
    return PythonFunction(request.param, tmp_path / "function")


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


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


@pytest.mark.parametrize("place", ["own", "elsewhere"])
def test_a_folder_is_wiped_however_deep_it_is(function, tmp, place):
    source = """
        import os, pathlib
        def lambda_handler(folder, context):
            os.chdir(os.environ["TMPDIR"] if folder == "own" else folder)
            for _ in range(1100):
                pathlib.Path("file").touch()
                os.mkdir("x" * 20)
                os.chdir("x" * 20)
    """
    with start(function, source, tmp=tmp) as agent:
        assert agent.call("own" if place == "own" else str(tmp)).value is None
        assert becomes_true(lambda: all(path.name.startswith("call-") for path in below(tmp)))
        assert becomes_true(lambda: len(children(agent.process.pid)) == 1)
        end(agent)
        assert below(tmp) == set()


def test_loading_may_leave_a_folder_however_deep_it_is(function, tmp):
    source = f"""
        import os, pathlib
        os.chdir({str(tmp)!r})
        for _ in range(1100):
            os.mkdir("x")
            os.chdir("x")
        pathlib.Path("model").touch()
        def lambda_handler(event, context):
            if event:
                pathlib.Path("stray").touch()
            return os.listdir(".")
    """
    with start(function, source, tmp=tmp) as agent:
        assert sorted(agent.call(True).value) == ["model", "stray"]
        assert becomes_true(lambda: agent.call().value == ["model"])
    subprocess.run(["rm", "-r", tmp], check=True)  # pytest cannot


def test_what_is_being_removed_holds_no_connection_open(function, tmp):
    source = """
        import os, pathlib
        def lambda_handler(event, context):
            pathlib.Path(os.environ["TMPDIR"], "file").touch()
    """
    wait = "import signal; from wf_agent import temporary; temporary.remove_tree = lambda _: signal.pause()"
    change_agent(function, wait)
    with start(function, source, tmp=tmp) as agent:
        other, _ = agent.ready()
        agent.call()
        assert becomes_true(lambda: len(children(agent.process.pid)) == 2)
        other.sock.sendall(b"no frame")
        assert at_its_end(other)


def test_what_cannot_be_removed_is_tried_again_after_the_next_call_only(function, tmp):
    source = f"""
        import pathlib
        def lambda_handler(event, context):
            pathlib.Path({str(tmp)!r}, "stray").touch()
    """
    tried = tmp.parent / "tried"
    note = f"open({str(tried)!r}, 'a').write('x')"
    change_agent(function, f"from wf_agent import temporary; temporary.remove_tree = lambda _: {note}")
    with start(function, source, tmp=tmp) as agent:
        agent.call()
        assert becomes_true(lambda: tried.exists() and len(children(agent.process.pid)) == 1)
        for _ in range(50):
            agent.ready()[0].close()
        assert tried.read_text() == "x"
        agent.call()
        assert becomes_true(lambda: tried.read_text() == "xx")


def test_loading_keeps_its_files_when_a_process_that_it_has_left_ends(function, tmp):
    source = f"""
        import os, pathlib, subprocess, time
        model = pathlib.Path({str(tmp)!r}, "model")
        model.touch()
        orphan = subprocess.run("sleep 0.1 >/dev/null & echo $!", shell=True, stdout=subprocess.PIPE).stdout
        while os.path.exists("/proc/%d" % int(orphan)):
            time.sleep(0.01)
        def lambda_handler(event, context):
            return model.exists()
    """
    with start(function, source, tmp=tmp) as agent:
        assert agent.call().value is True
