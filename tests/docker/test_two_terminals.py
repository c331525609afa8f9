"""`runserver` and `qcluster`, each by hand: the same behaviour as `start`, with a pool."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests import processes
from tests.contract import records
from tests.docker.functions import python
from tests.worker import ROOT, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worker import Worker

SETTLE_S = 60
BUILDS = "SELECT success FROM django_q_task WHERE func = 'functions.tasks.build_image'"
IDLE = "SELECT container_name FROM functions_poolentry WHERE kind = 'prewarmed' AND state = 'IDLE'"


@contextmanager
def _qcluster(worker: Worker) -> Iterator[None]:
    with worker.log.open("ab") as log:
        command = [sys.executable, str(ROOT / "manage.py"), "qcluster"]
        cluster = subprocess.Popen(command, env=worker.environment, cwd=ROOT, stdout=log, stderr=log)
    try:
        yield
    finally:
        processes.kill_tree(cluster.pid)
        cluster.wait()


def _idle(worker: Worker) -> set[str]:
    return {row["container_name"] for row in records.rows(worker, IDLE)}


def test_a_server_and_a_cluster_in_two_terminals_do_what_start_does(own_worker: Worker) -> None:
    own_worker.environment |= {"CONTAINER_POOL_LIMIT": "1", "CONTAINER_POOL_NUM": "2"}
    own_worker.deploy("Apart", python("return 'served'"))
    own_worker.manage("migrate")
    own_worker.start("runserver", str(own_worker.port), "--noreload")
    with _qcluster(own_worker):
        own_worker.until_it_builds()
        reply = own_worker.execute("Apart", {})
        assert (reply.json["Result"]["body"], reply.json["Meta"]["ImageBuilt"]) == ("served", True)
        eventually(lambda: [row["success"] for row in records.rows(own_worker, BUILDS)] == [1])  # by the cluster
        eventually(lambda: len(_idle(own_worker)) == 2, SETTLE_S)
        before = _idle(own_worker)
        meta = own_worker.execute("Apart", {}).json["Meta"]
        assert (meta["UsingPooledContainer"], meta["ContainerName"] in before) == (True, True)
        eventually(lambda: len(_idle(own_worker) - {meta["ContainerName"]}) == 2, SETTLE_S)
        own_worker.manage("doctor")
