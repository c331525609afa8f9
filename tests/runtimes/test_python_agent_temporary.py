"""The Python agent's temporary files: each call has a folder of its own, and what calls leave elsewhere is wiped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtimes.python_function import PythonFunction, interpreters
from tests.runtimes.python_process_mode import becomes_true, below, end, start


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
