"""Many first calls at once make one build, and all get its answer."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.contract import records
from tests.docker.functions import Files, java, node
from tests.worker import Worker, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worker import Reply

CALLERS = 200


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """Takes so many calls at once; each may wait for its turn as long as a slow machine needs."""
    settings = {"WF_MAX_CONCURRENT_CALLS": str(CALLERS), "WF_QUEUE_WAIT_SECONDS": "250"}
    with Worker(tmp_path_factory.mktemp("patient") / "home", **settings) as running:
        running.until_it_builds()
        yield running


def _at_once(worker: Worker, name: str, files: Files) -> list[Reply]:
    worker.deploy(name, files)
    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(lambda _: worker.execute(name, {}), range(CALLERS)))


def test_two_hundred_first_calls_make_one_build(worker: Worker) -> None:
    before = _builds(worker)
    replies = _at_once(worker, "Popular", node("return 'hello';", isolation="shared"))
    assert Counter(reply.status for reply in replies) == {200: CALLERS}
    assert len({reply.json["Meta"]["ContainerName"] for reply in replies}) == 1
    assert sum(reply.json["Meta"]["ImageBuilt"] for reply in replies) > CALLERS / 2  # so many have waited for the build
    eventually(lambda: _builds(worker) > before)
    assert _builds(worker) == before + 1
    query = "SELECT state FROM functions_execution WHERE function_name = 'Popular'"
    assert Counter(row["state"] for row in records.rows(worker, query)) == {"SUCCEEDED": CALLERS}


def test_two_hundred_first_calls_hear_of_one_failed_build(worker: Worker) -> None:
    before = _builds(worker)
    replies = _at_once(worker, "Unloved", java("return nothing;"))
    assert Counter((reply.status, reply.json["Code"]) for reply in replies) == {(502, "build_failed"): CALLERS}
    (message,) = {reply.json["Message"] for reply in replies}
    assert "cannot find symbol" in message
    eventually(lambda: _builds(worker) > before)
    assert _builds(worker) == before + 1
    assert records.image(worker, "Unloved")["failures"] == 1


def _builds(worker: Worker) -> int:
    """How many build tasks have ended: the winner of a build enqueues one, nobody else does."""
    query = "SELECT COUNT(*) AS tasks FROM django_q_task WHERE func = 'functions.tasks.build_image'"
    count: int = records.rows(worker, query)[0]["tasks"]
    return count
