"""The Python agent's mode `process` as tests see it: how it is started, and which processes and files there are."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.runtimes.agent_process import AgentProcess, Connection, call_frame
from tests.runtimes.python_function import AGENT

if TYPE_CHECKING:
    from tests.runtimes.python_function import PythonFunction

ECHO = "def lambda_handler(event, context): return event"
WITH_THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=[600], daemon=True).start()\n"


def start(function: PythonFunction, source: str, **settings: object) -> AgentProcess:
    env = {f"WF_{name.upper()}": str(value) for name, value in settings.items()}
    return function.agent(source, mode="process", env=env)


def change_agent(function: PythonFunction, statements: str) -> None:
    """Run them before the agent starts: for what would take too long, or cannot be hit from outside."""
    code = f"import sys; sys.path.insert(0, {str(AGENT.parent)!r})\n{statements}\n"
    function.command = [*function.command[:-1], "-c", code + "from wf_agent.supervisor import main; main()"]


def shorten_grace(function: PythonFunction, seconds: float) -> None:
    change_agent(function, f"from wf_agent import server; server.GRACE_S = {seconds}")


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


def below(folder: Path) -> set[Path]:
    """Some may go while this looks."""
    return {Path(parent, name) for parent, folders, files in os.walk(folder) for name in folders + files}


def drain(agent: AgentProcess) -> None:
    connection = agent.connect()
    connection.send({"type": "lifetime", "lifetime_s": 0})
    connection.close()


def end(agent: AgentProcess) -> None:
    drain(agent)
    assert agent.wait() == 0, agent.output()
