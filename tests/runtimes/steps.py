"""What tests of agents do: a build, calls at once, calls under way, and a look at processes."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.runtimes.agent_process import call_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.runtimes.agent_process import AgentProcess, Answer, Connection


def compile_function(home: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """What the build of a Java function does: the function's sources in `folder` become classes beside the agent."""
    return subprocess.run(
        ["sh", str(home / "compile.sh")], cwd=folder, check=False, capture_output=True, text=True, timeout=120
    )


def at_once(agent: AgentProcess, events: list[dict[str, Any]]) -> list[Answer]:
    with ThreadPoolExecutor(len(events)) as threads:
        return list(threads.map(agent.call, events))


def begin(agent: AgentProcess, event: object = None, lifetime_s: float | None = None) -> Connection:
    connection, _ = agent.ready()
    head = {"type": "call", "id": "call-1", "lifetime_s": lifetime_s}
    connection.send({**head, **call_frame(event), **head})
    return connection


def begin_printing(agent: AgentProcess, event: object = None) -> tuple[Connection, str]:
    """A call whose first log has arrived, and that."""
    connection = begin(agent, event)
    frame = connection.receive()
    assert frame is not None
    return connection, frame["data"]


def ends(pid: int, within_s: float = 10) -> bool:
    """Waits for the end of a process that is no child of ours."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], within_s)[0])
    finally:
        os.close(descriptor)


def becomes(condition: Callable[[], bool], within_s: float = 10) -> bool:
    """Whether this is so in the end: what follows an answer is told to nobody."""
    give_up = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.005)
    return True


def of_threads(agent: AgentProcess, file: str) -> list[str]:
    """What this file in /proc says of each thread of the agent."""
    found = []
    for thread in Path(f"/proc/{agent.process.pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            found.append((thread / file).read_text())
    return found


def children(agent: AgentProcess) -> list[int]:
    return [int(pid) for line in of_threads(agent, "children") for pid in line.split()]
