"""Fixtures for the tests of the Java agent. The functions are in the folder java/; all are compiled once."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.runtimes.agent_process import AgentProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def compile_function(home: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a build does: the function's sources in `folder` become classes beside the agent."""
    return subprocess.run(
        ["sh", str(home / "compile.sh")], cwd=folder, check=False, capture_output=True, text=True, timeout=120
    )


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
