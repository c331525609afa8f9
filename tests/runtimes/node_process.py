"""The Node agent's mode `process` in tests: calls, and the processes that there are."""

from __future__ import annotations

import os
import select
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.runtimes.agent_process import call_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.runtimes.agent_process import AgentProcess, Answer, Connection

IDENTITY = "exports.handle = (event) => event;"
WAIT = "exports.handle = (event) => new Promise((done) => setTimeout(done, event.ms, 'waited'));"


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


def children(agent: AgentProcess) -> list[int]:
    task = Path(f"/proc/{agent.process.pid}/task")
    return [int(pid) for thread in task.iterdir() for pid in (thread / "children").read_text().split()]
