"""Fixtures for the tests of the Java agent. The functions are in the folder java/; all are compiled once."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.runtimes.agent_process import AgentProcess
from tests.runtimes.steps import compile_function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    StartMany = Callable[..., AgentProcess]

FUNCTIONS = Path(__file__).parent / "java"
AGENT = Path(__file__).parents[2] / "runtimes/java/agent"


class Start(Protocol):
    """Starts the agent on one of the handlers, which is named without its package, such as Results.pear."""

    def __call__(self, handler: str, **options: Any) -> AgentProcess: ...


def install_agent(home: Path) -> Path:
    """The agent as a base image has it. On a JDK newer than 8 it is held to the language and the library of Java 8."""
    assert shutil.which("javac"), "these tests need a JDK on the PATH: java, javac and jar, version 17 or newer"
    shutil.copytree(AGENT, home)
    subprocess.run(["sh", str(home / "install.sh")], check=True, timeout=120)
    return home


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The agent's folder, with every function of these tests compiled."""
    home = install_agent(tmp_path_factory.mktemp("java") / "agent")
    compiled = compile_function(home, FUNCTIONS)
    assert compiled.returncode == 0, compiled.stderr
    return home


@pytest.fixture
def start(home: Path, tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as running:

        def start(handler: str, **options: Any) -> AgentProcess:
            command = ["sh", str(home / "start.sh")]
            return running.enter_context(AgentProcess(command, tmp_path, f"main.{handler}", **options))

        yield start


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    """The folder of temporary files, which is not empty."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    (folder / "theirs").touch()
    return folder


@pytest.fixture
def start_many(start: Start, tmp: Path) -> StartMany:
    def start_many(handler: str, **variables: object) -> AgentProcess:
        env = {f"WF_{name.upper()}": str(value) for name, value in variables.items()}
        return start(handler, mode="process", env={"WF_TMP": str(tmp), **env})

    return start_many
