"""The pre-warmed pool on a real engine: claimed once, refilled after calls, given up when others are used more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.contract import engine_view, records
from tests.docker.functions import python
from tests.worker import Worker, engine, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worker import Reply

SIZE = 6
SETTLE_S = 60
BODY = "return [event.get('number'), os.uname().nodename]"


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """One function may keep pre-warmed containers; packages are looked at with every call."""
    home = tmp_path_factory.mktemp("pool") / "home"
    settings = {"CONTAINER_POOL_LIMIT": "1", "CONTAINER_POOL_NUM": str(SIZE), "WF_SOURCE_CHECK_SECONDS": "0"}
    with Worker(home, **settings) as running:
        running.deploy("Pooled", python(BODY))
        assert _flags(running.execute("Pooled", {})) == (True, False)
        yield running


def _idle(worker: Worker, name: str) -> list[str]:
    query = "SELECT container_id FROM functions_poolentry WHERE state = 'IDLE' AND kind = 'prewarmed'"
    ids = {row["container_id"] for row in records.rows(worker, query)}
    return [found["Id"] for found in engine_view.containers(worker, function=name) if found["Id"] in ids]


def _until_full(worker: Worker, name: str) -> list[str]:
    eventually(lambda: len(_idle(worker, name)) == SIZE, SETTLE_S)
    return _idle(worker, name)


def _burst(worker: Worker, calls: int) -> list[Reply]:
    with ThreadPoolExecutor(calls) as pool:
        replies = list(pool.map(lambda number: worker.execute("Pooled", {"number": number}), range(calls)))
    assert [reply.status for reply in replies] == [200] * calls
    return replies


def _flags(reply: Reply) -> tuple[bool, bool]:
    assert reply.status == 200, reply.body
    meta = reply.json["Meta"]
    assert not meta["UsingExistingRestContainer"]
    return meta["ImageBuilt"], meta["UsingPooledContainer"]


def test_a_burst_as_large_as_the_pool_is_pre_warmed_throughout(worker: Worker) -> None:
    before = _until_full(worker, "Pooled")
    replies = _burst(worker, SIZE)
    assert [_flags(reply) for reply in replies] == [(False, True)] * SIZE
    assert {reply.json["Meta"]["StartType"] for reply in replies} == {"prewarmed"}
    assert len({reply.json["Meta"]["ContainerName"] for reply in replies}) == SIZE
    after = _until_full(worker, "Pooled")
    assert not set(before) & set(after)  # none is used twice


def test_a_larger_burst_is_answered_whole(worker: Worker) -> None:
    _until_full(worker, "Pooled")
    pooled = [_flags(reply)[1] for reply in _burst(worker, 20)]
    assert sum(pooled) >= SIZE
    _until_full(worker, "Pooled")


def test_pre_warmed_containers_that_were_killed_paused_or_removed_by_hand_cost_no_call(worker: Worker) -> None:
    killed, paused, removed, *_ = _until_full(worker, "Pooled")
    with engine() as client:
        client.api.kill(killed)
        client.api.pause(paused)
        client.api.remove_container(removed, force=True)
    _burst(worker, SIZE)
    _until_full(worker, "Pooled")


def test_a_new_version_never_meets_a_container_of_the_old_one(worker: Worker) -> None:
    old = _until_full(worker, "Pooled")
    worker.deploy("Pooled", python("return 'new'"))
    eventually(lambda: worker.execute("Pooled", {}).json["Result"]["body"] == "new", SETTLE_S)
    assert [reply.json["Result"]["body"] for reply in _burst(worker, SIZE)] == ["new"] * SIZE
    eventually(lambda: not set(old) & {found["Id"] for found in engine_view.containers(worker)}, SETTLE_S)


def test_the_function_that_is_used_now_takes_the_pool_over(worker: Worker) -> None:
    _until_full(worker, "Pooled")
    worker.deploy("Other", python("return 1"))
    worker.execute("Other", {})
    _until_full(worker, "Other")
    eventually(lambda: not _idle(worker, "Pooled"), SETTLE_S)
