"""A third party's runtime, installed as users install it, in a real worker; and one that does not load."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runtimes import registry
from tests.worker import ROOT, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

DISTRIBUTION = Path(__file__).parent / "shell_runtime"
SHELL = '{"environment": "shell"}'
PYTHON: dict[str, str | bytes] = {
    "config.json": '{"environment": "python3.7"}',
    "main.py": "def lambda_handler(event, context):\n    return 'still here'\n",
}
BROKEN_ENTRY_POINT = "[workerfront.runtimes]\nfortran = broken_runtime:RUNTIME\n"


@pytest.fixture(scope="module")
def shell_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A running worker that finds the plugin on its path."""
    folder = tmp_path_factory.mktemp("shell")
    shutil.copytree(DISTRIBUTION, folder / "source")  # building leaves things behind
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder / "site")]
    subprocess.run([*pip, str(folder / "source")], check=True)
    with Worker(folder / "home", PYTHONPATH=str(folder / "site")) as running:
        yield running


@pytest.fixture(scope="module")
def broken_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A running worker beside a plugin that raises when it is imported."""
    folder = tmp_path_factory.mktemp("broken")
    site = folder / "site"
    information = site / "broken_runtime-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-runtime\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(BROKEN_ENTRY_POINT)
    (site / "broken_runtime.py").write_text("raise ImportError('no compiler here')\n")
    with Worker(folder / "home", PYTHONPATH=str(site)) as running:
        yield running


def check(worker: Worker) -> str:
    """All that `manage.py check` has to say."""
    done = worker.attempt("check")
    assert done.returncode == 0
    return done.stdout + done.stderr


def test_it_appears_beside_the_built_in_runtimes(shell_worker: Worker) -> None:
    program = "from runtimes import registry; print(*registry.names())"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=shell_worker.environment, capture_output=True, text=True, cwd=ROOT, check=True)
    assert set(done.stdout.split()) == {*registry.names(), "shell"}
    assert "no issues" in check(shell_worker)


def test_a_function_of_it_is_served(shell_worker: Worker) -> None:
    script = 'event=$(cat)\necho "got $event" >&2\nprintf \'Grüße: %s\' "$event"\n'
    shell_worker.deploy("Greeter", {"config.json": SHELL, "main.sh": script})
    reply = shell_worker.execute("Greeter", {"who": "Ada"})
    assert reply.json["Result"] == {"statusCode": 200, "body": 'Grüße: {"who": "Ada"}'}


def test_a_script_that_fails_is_the_functions_fault(shell_worker: Worker) -> None:
    shell_worker.deploy("Failing", {"config.json": SHELL, "main.sh": "echo oh no >&2\nexit 3\n"})
    reply = shell_worker.execute("Failing", {})
    assert (reply.status, reply.json["Code"]) == (502, "function_error")
    assert reply.json["FunctionError"]["errorMessage"] == "main.sh ended with status 3"


def test_a_package_without_the_script_cannot_be_loaded(shell_worker: Worker) -> None:
    shell_worker.deploy("Empty", {"config.json": SHELL, "other.sh": "true\n"})
    reply = shell_worker.execute("Empty", {})
    assert (reply.status, reply.json["Code"]) == (502, "function_error")
    assert "no main.sh" in reply.json["Message"]


def test_a_plugin_that_does_not_load_is_named_with_its_distribution(broken_worker: Worker) -> None:
    said = check(broken_worker)
    assert "runtime plugin 'fortran' of broken-runtime (broken_runtime:RUNTIME) does not load" in said
    assert "ImportError: no compiler here" in said


def test_a_plugin_that_does_not_load_does_not_stop_the_others(broken_worker: Worker) -> None:
    broken_worker.deploy("StillHere", PYTHON)
    assert broken_worker.execute("StillHere", {}).json["Result"] == {"statusCode": 200, "body": "still here"}


def test_a_function_of_a_plugin_that_does_not_load_says_which(broken_worker: Worker) -> None:
    broken_worker.deploy("Formula", {"config.json": '{"environment": "fortran"}'})
    reply = broken_worker.execute("Formula", {})
    assert (reply.status, reply.json["Code"]) == (502, "runtime_unknown")
    assert "broken-runtime" in reply.json["Message"]
