"""Parts of the task cluster for builds die while it is idle: it is noticed, and what is queued meanwhile is built."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.docker.functions import node
from tests.worker import descendants, eventually

if TYPE_CHECKING:
    from tests.worker import Worker

NOTICED_S = 25  # 20 are promised, to a machine that is not busy
READ = "0"  # the number of this system call, on x86-64


def _builders(worker: Worker) -> list[int]:
    """The processes of the cluster for builds: its head, the sentinel, and those below that."""
    assert worker.process is not None
    found = [pid for pid in descendants(worker.process.pid) if b"Q_CLUSTER_NAME=worker-front-" in _environment(pid)]
    return sorted(found, key=lambda pid: len(descendants(pid)), reverse=True)


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _holds_a_lock(pid: int) -> bool:
    """Whoever waits for a task of django-q2's reads from a pipe, with the lock of the queue in its hands."""
    return Path(f"/proc/{pid}/syscall").read_text().split()[0] == READ


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("victim", ["sentinel", "workers that hold a lock"])
def test_a_cluster_that_lost_a_part_is_replaced_whole_and_queued_builds_run(own_worker: Worker, victim: str) -> None:
    own_worker.start()
    eventually(lambda: len(_builders(own_worker)) >= 6)
    _, sentinel, *others = old = _builders(own_worker)
    eventually(lambda: any(map(_holds_a_lock, others)))
    for pid in [sentinel] if victim == "sentinel" else filter(_holds_a_lock, others):
        os.kill(pid, signal.SIGKILL)
    own_worker.deploy("Queued", node("return 1;"))
    assert own_worker.execute("Queued", {}).status == 200
    eventually(lambda: not any(map(_is_running, old)), NOTICED_S)
    eventually(lambda: len(_builders(own_worker)) >= 6)
    own_worker.deploy("Next", node("return 1;"))
    assert own_worker.execute("Next", {}).status == 200
