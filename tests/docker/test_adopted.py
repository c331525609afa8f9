"""What a crash has left running serves on when the worker is started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract import records
from tests.docker.functions import python
from tests.worker import eventually

if TYPE_CHECKING:
    from tests.worker import Worker

SETTLE_S = 60
IDLE = "SELECT container_name FROM functions_poolentry WHERE kind = 'prewarmed' AND state = 'IDLE'"


def _idle(worker: Worker) -> set[str]:
    return {row["container_name"] for row in records.rows(worker, IDLE)}


def test_kept_containers_outlive_a_crash_and_serve(own_worker: Worker) -> None:
    own_worker.environment |= {
        "CONTAINER_POOL_LIMIT": "1",
        "CONTAINER_POOL_NUM": "2",
        "REST_CONTAINER_LIFE_TIME": "600",
    }
    own_worker.deploy("Kept", python("return 1", isolation="process"))
    own_worker.deploy("Pooled", python("return 2"))
    own_worker.start()
    for name in ("Kept", "Pooled"):
        assert own_worker.execute(name, {}).status == 200
    kept = own_worker.execute("Kept", {}).json["Meta"]["ContainerName"]
    eventually(lambda: len(_idle(own_worker)) == 2, SETTLE_S)
    idle = _idle(own_worker)
    own_worker.kill()
    own_worker.start()
    meta = own_worker.execute("Kept", {}).json["Meta"]
    assert (meta["UsingExistingRestContainer"], meta["ContainerName"]) == (True, kept)
    meta = own_worker.execute("Pooled", {}).json["Meta"]
    assert (meta["UsingPooledContainer"], meta["ContainerName"] in idle) == (True, True)
    own_worker.manage("doctor")
