"""A Python function under test: its source, and the interpreters that its agent is tried with."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from pathlib import Path

from tests.runtimes.agent_process import AgentProcess, Answer

AGENT = Path(__file__).parents[2] / "runtimes/python/agent/__main__.py"
VERSIONS = ("3.7", "3.12")


def interpreters() -> list[str]:
    """The interpreters of the versions that we register, or the one that runs the tests when there is none of them."""
    found = [path for path in map(_find, VERSIONS) if path]
    return found or [sys.executable]


def _find(version: str) -> str | None:
    """pyenv's folders come first: its commands on the PATH work for the version alone that it is set to."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    built = sorted(root.glob(f"versions/{version}.*/bin/python{version}"))
    return str(built[-1]) if built else shutil.which(f"python{version}")


class PythonFunction:
    """A folder with a function's files, started with the flags of python.Dockerfile."""

    def __init__(self, interpreter: str, folder: Path) -> None:
        self.folder = folder
        self.command = [interpreter, "-I", "-B", str(AGENT)]

    def write(self, source: str, name: str = "main.py") -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")

    def agent(self, source: str = "", handler: str = "main.lambda_handler", **options: object) -> AgentProcess:
        if source:
            self.write(source)
        return AgentProcess(self.command, self.folder, handler, **options)  # type: ignore[arg-type]

    def call(self, source: str = "", event: object = None, **options: object) -> Answer:
        """One call on an agent of its own, which must end with status 0 whatever the handler did."""
        with self.agent(source, **options) as agent:
            answer = agent.call(event)
            assert agent.wait() == 0, agent.output()
            return answer
