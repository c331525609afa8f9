"""`/configure` on a living worker: what it keeps follows at once, and no call minds."""

from __future__ import annotations

import itertools
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.contract import engine_view, records
from tests.docker.functions import python
from tests.worker import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worker import Worker

SETTLE_S = 60
FIELDS = (
    "user_code_size_limit",
    "container_pool_limit",
    "container_pool_num",
    "using_rest_mode",
    "rest_container_life_time",
)
CALLERS, CALLS = 4, 6


@pytest.fixture(autouse=True)
def _put_back(worker: Worker) -> Iterator[None]:
    """The worker is everybody's."""
    before = dict(zip(FIELDS, configure(worker)["State"].values(), strict=True))
    yield
    configure(worker, **before)


def configure(worker: Worker, **values: Any) -> dict[str, Any]:
    reply = worker.request(f"/configure?{urlencode(values)}")
    assert reply.status == 200, reply.body
    answer: dict[str, Any] = reply.json
    return answer


def test_a_living_long_lived_container_learns_its_new_lifetime(worker: Worker) -> None:
    configure(worker, using_rest_mode=True, rest_container_life_time=600)
    worker.deploy("Lives", python("return 1"))
    assert worker.execute("Lives", {}).status == 200
    assert worker.execute("Lives", {}).json["Meta"]["UsingExistingRestContainer"]
    assert configure(worker, rest_container_life_time=1)["Message"] == "configure changed"
    eventually(lambda: not running(worker, "Lives"), SETTLE_S)


def running(worker: Worker, name: str) -> list[Any]:
    found = engine_view.containers(worker, function=name, role="long-lived")
    return [container for container in found if container["State"] == "running"]


def test_a_long_lived_container_goes_when_the_mode_does(worker: Worker) -> None:
    configure(worker, using_rest_mode=True, rest_container_life_time=600)
    worker.deploy("Goes", python("return 1"))
    assert worker.execute("Goes", {}).status == 200
    configure(worker, using_rest_mode=False)
    eventually(lambda: not running(worker, "Goes"), SETTLE_S)
    assert worker.execute("Goes", {}).json["Meta"]["StartType"] == "cold"


def test_a_pool_is_filled_and_emptied_without_a_call(worker: Worker) -> None:
    worker.deploy("Warmed", python("return 1"))
    assert worker.execute("Warmed", {}).status == 200
    configure(worker, container_pool_limit=1, container_pool_num=2)
    waiting = "SELECT id FROM functions_poolentry WHERE kind = 'prewarmed' AND state = 'IDLE'"
    eventually(lambda: len(records.rows(worker, waiting)) == 2, SETTLE_S)
    configure(worker, container_pool_limit=-1)
    eventually(lambda: not engine_view.containers(worker, function="Warmed", role="prewarmed"), SETTLE_S)


def test_no_call_fails_while_the_configuration_flips(worker: Worker) -> None:
    worker.deploy("Flips", python("return [event, 'TMPDIR' in os.environ]"))  # which only `process` has for each call
    assert worker.execute("Flips", 0).status == 200
    over = threading.Event()

    def flip() -> None:
        for count in itertools.count():
            limit = 1 if count % 3 else -1
            configure(worker, using_rest_mode=bool(count % 2), container_pool_limit=limit, container_pool_num=1)
            if over.is_set():
                return

    with ThreadPoolExecutor(CALLERS + 1) as pool:
        flipping = pool.submit(flip)
        try:
            found = list(called(worker, pool))
        finally:
            over.set()
        flipping.result()
    assert [number for number, _ in found] == list(range(len(found)))


def called(worker: Worker, pool: ThreadPoolExecutor) -> Iterator[tuple[int, bool]]:
    """Number and level of calls, some at a time: so many, and more until both levels have served some."""
    deadline, levels = time.monotonic() + SETTLE_S, set()
    for begin in itertools.count(step=CALLERS):
        replies = list(pool.map(lambda number: worker.execute("Flips", number), range(begin, begin + CALLERS)))
        assert [reply.body for reply in replies if reply.status != 200] == []
        for reply in replies:
            number, is_process = json.loads(reply.json["Result"]["body"])
            levels.add(is_process)
            yield number, is_process
        if begin >= CALLERS * CALLS and levels == {True, False}:
            return
        assert time.monotonic() < deadline, f"the only level was {levels}"


def test_a_bad_value_is_refused_by_the_whole_worker_as_well(worker: Worker) -> None:
    before = configure(worker)["State"]
    for query in ("using_rest_mode=banana", "container_pool_limit=10000&container_pool_num=1000", "lifetime=1"):
        reply = worker.request(f"/configure?{query}&rest_container_life_time=99")
        assert (reply.status, reply.json["Code"]) == (400, "invalid_option")
    assert worker.request("/configure?using_rest_mode=true", method="HEAD").status == 405
    assert worker.request("/configure?using_rest_mode=true", Sec_Fetch_Site="cross-site").status == 403
    assert configure(worker)["State"] == before
