"""A task worker dies at upkeep: with a pre-warmed container that no row knows yet, and with an image half gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract import engine_view, records
from tests.docker.functions import python
from tests.worker import eventually

if TYPE_CHECKING:
    from tests.worker import Worker

POOL = {"CONTAINER_POOL_LIMIT": "1", "CONTAINER_POOL_NUM": "1"}
NO_ROOM = {"USER_CODE_SIZE_LIMIT": "0"}
SETTLE_S = 60


@pytest.mark.parametrize(
    ("point", "settings", "seen"),
    [
        ("prewarmed-started", POOL, "SELECT id FROM functions_poolentry WHERE kind = 'prewarmed'"),
        ("evicting", NO_ROOM, "SELECT id FROM functions_image WHERE state = 'EVICTING'"),
    ],
)
def test_what_a_killed_task_worker_has_begun_is_undone_and_calls_go_on(
    own_worker: Worker, point: str, settings: dict[str, str], seen: str
) -> None:
    own_worker.environment |= {**settings, "WF_CRASHPOINT": point}
    own_worker.start()
    own_worker.until_it_builds()
    own_worker.deploy("Serves", python("return 1", network="none"))
    assert own_worker.execute("Serves").status == 200
    eventually(lambda: records.rows(own_worker, seen), SETTLE_S)
    assert own_worker.execute("Serves").status == 200
    own_worker.kill()
    del own_worker.environment["WF_CRASHPOINT"]
    own_worker.start()
    assert own_worker.execute("Serves").status == 200
    if point == "evicting":
        eventually(lambda: engine_view.images(own_worker, role="function") == [], SETTLE_S)
    else:
        ready = "SELECT container_id FROM functions_poolentry WHERE state = 'IDLE' AND kind = 'prewarmed'"
        eventually(lambda: len(records.rows(own_worker, ready)) == 1, SETTLE_S)
        eventually(lambda: len(engine_view.containers(own_worker, function="Serves")) == 1, SETTLE_S)
    own_worker.manage("doctor")
