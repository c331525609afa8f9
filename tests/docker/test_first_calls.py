"""Many first calls at once make one build, and all get its answer."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.contract import records
from tests.docker.functions import Files, node
from tests.worker import Worker, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worker import Reply

CALLERS = 200


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker on which a call may wait for its slot as long as a slow machine needs for 200 containers."""
    with Worker(tmp_path_factory.mktemp("patient") / "home", WF_QUEUE_WAIT_SECONDS="250") as running:
        yield running


def _at_once(worker: Worker, name: str, files: Files) -> list[Reply]:
    worker.deploy(name, files)
    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(lambda _: worker.execute(name, {}), range(CALLERS)))


def test_two_hundred_first_calls_make_one_build(worker: Worker) -> None:
    before = _builds(worker)
    replies = _at_once(worker, "Popular", node("return 'hello';", network="none"))
    assert Counter(reply.status for reply in replies) == {200: CALLERS}
    eventually(lambda: _builds(worker) > before)
    assert _builds(worker) == before + 1
    query = "SELECT state FROM functions_execution WHERE function_name = 'Popular'"
    assert Counter(row["state"] for row in records.rows(worker, query)) == {"SUCCEEDED": CALLERS}


def test_two_hundred_first_calls_hear_of_one_failed_build(worker: Worker) -> None:
    replies = _at_once(worker, "Unloved", {**node("return 1;"), "config.json": '{"environment": "cobol60"}'})
    assert Counter((reply.status, reply.json["Code"]) for reply in replies) == {(502, "runtime_unknown"): CALLERS}
    assert records.image(worker, "Unloved")["failures"] == 1


def _builds(worker: Worker) -> int:
    """How many build tasks have ended: the winner of a build enqueues one, nobody else does."""
    query = "SELECT COUNT(*) AS tasks FROM django_q_task WHERE func = 'functions.tasks.build_image'"
    count: int = records.rows(worker, query)[0]["tasks"]
    return count
