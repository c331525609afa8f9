"""A size limit that holds two of three functions: whoever was not used longest is built again, and no call fails."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract import engine_view, records
from tests.docker.functions import Files, python
from tests.worker import Worker, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = 4000  # bytes of each function, nearly all of it ballast
LIMIT = 2 * CODE + CODE // 2
CALLS = 50


def function(body: str) -> Files:
    files = python(body, network="none")  # the engine needs longer for a network than for all the rest of a call
    size = sum(len(content) for content in files.values())
    return {**files, "ballast.txt": "x" * (CODE - size)}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker with room for two functions."""
    home = tmp_path_factory.mktemp("small") / "home"
    with Worker(home, USER_CODE_SIZE_LIMIT=str(LIMIT)) as running:
        for name in ("One", "Two", "Three"):
            running.deploy(name, function(f"return '{name}'"))
        running.deploy("Slow", function("time.sleep(2)\nreturn 'Slow'"))
        yield running


def ready(worker: Worker) -> dict[str, Any]:
    """The functions that are there, with the bytes of their code."""
    query = (
        "SELECT function.name, image.code_size FROM functions_image image "
        "JOIN functions_function function ON function.id = image.function_id WHERE image.state = 'READY'"
    )
    return {row["name"]: row["code_size"] for row in records.rows(worker, query)}


def fits(worker: Worker) -> bool:
    return sum(ready(worker).values()) <= LIMIT


def sweep(worker: Worker) -> None:
    worker.manage("shell", "-c", "from functions import tasks; tasks.sweep()")


def test_three_functions_in_turn_never_stay_over_the_limit_and_never_fail(small: Worker) -> None:
    for number in range(CALLS):
        name = ("One", "Two", "Three")[number // 2 % 3]  # each twice: the second call must find what the first built
        reply = small.execute(name)
        assert reply.status == 200, reply.body
        assert reply.json["Result"]["body"] == name
        eventually(lambda: fits(small))
        assert name in ready(small)
        assert reply.json["Meta"]["ImageBuilt"] is (number % 2 == 0)
    sweep(small)
    assert fits(small)
    assert len(engine_view.images(small, role="function")) == len(ready(small)) == 2
    assert engine_view.dangling(small) == []


def test_the_image_of_a_call_that_runs_stays(small: Worker) -> None:
    small.execute("Slow")
    replies = []
    call = threading.Thread(target=lambda: replies.append(small.execute("Slow")))
    call.start()
    while call.is_alive():
        for name in ("One", "Two", "Three"):
            assert small.execute(name).status == 200
    call.join()
    assert replies[0].json["Result"]["body"] == "Slow"
    assert replies[0].json["Meta"]["ImageBuilt"] is False
    eventually(lambda: fits(small))
