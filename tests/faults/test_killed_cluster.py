"""Parts of the task cluster for builds die while it is idle: it is noticed, and what is queued meanwhile is built."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests import processes
from tests.docker.functions import node
from tests.worker import eventually

if TYPE_CHECKING:
    from tests.worker import Worker

NOTICED_S = 25  # 20 are promised, to a machine that is not busy
READ = b"0"  # the number of this system call, on x86-64


def _builders(worker: Worker) -> list[int]:
    """The processes of the cluster for builds: its head, the sentinel, and those below that."""
    found = [pid for pid in worker.processes() if b"Q_CLUSTER_NAME=worker-front-" in processes.environment(pid)]
    return sorted(found, key=lambda pid: len(processes.descendants(pid)), reverse=True)


def _holds_a_lock(pid: int) -> bool:
    """Whoever waits for a task of django-q2's reads from a pipe, with the lock of the queue in its hands."""
    return processes.system_call(pid) == READ


@pytest.mark.parametrize("victim", ["sentinel", "workers that hold a lock"])
def test_a_cluster_that_lost_a_part_is_replaced_whole_and_queued_builds_run(own_worker: Worker, victim: str) -> None:
    own_worker.start()
    own_worker.deploy("Queued", node("return 1;"))
    eventually(lambda: len(_builders(own_worker)) >= 6)
    _, sentinel, *others = old = _builders(own_worker)
    eventually(lambda: any(map(_holds_a_lock, others)))
    for pid in [sentinel] if victim == "sentinel" else filter(_holds_a_lock, others):
        processes.kill(pid)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(own_worker.execute, "Queued", {})
        eventually(lambda: not any(map(processes.is_running, old)), NOTICED_S)
        assert call.result().status == 200
    eventually(lambda: len(_builders(own_worker)) >= 6)
    own_worker.deploy("Next", node("return 1;"))
    assert own_worker.execute("Next", {}).status == 200
