"""A size limit that holds two of three functions: whoever was not used longest is built again, and no call fails."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
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
BUSY = """
if 'host' in event:
    socket.create_connection((event['host'], event['port'])).recv(1)
return 'busy'
"""


def function(body: str, **config: str) -> Files:
    files = python(body, **config)
    size = sum(len(content) for content in files.values())
    return {**files, "ballast.txt": "x" * (CODE - size)}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker with room for two functions."""
    home = tmp_path_factory.mktemp("small") / "home"
    with Worker(home, USER_CODE_SIZE_LIMIT=str(LIMIT)) as running:
        for name in ("One", "Two", "Three"):
            # The engine needs longer for a network than for all the rest of a call.
            running.deploy(name, function(f"return '{name}'", network="none"))
        running.deploy("Busy", function(BUSY))
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


def test_three_functions_in_turn_never_stay_over_the_limit_and_never_fail(small: Worker) -> None:
    for number in range(CALLS):
        name = ("One", "Two", "Three")[number // 2 % 3]  # each twice: the second call must find what the first built
        reply = small.execute(name)
        assert reply.status == 200, reply.body
        assert reply.json["Result"]["body"] == name
        eventually(lambda: fits(small))
        assert name in ready(small)
        assert reply.json["Meta"]["ImageBuilt"] is (number % 2 == 0)
    small.sweep()
    assert fits(small)
    assert len(engine_view.images(small, role="function")) == len(ready(small)) == 2
    assert engine_view.dangling(small) == []


def test_the_image_of_a_call_that_runs_stays(small: Worker) -> None:
    assert small.execute("Busy", {}).status == 200
    with closing(socket.create_server((engine_view.gateway(), 0))) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(60)
        host, port = listener.getsockname()
        call = pool.submit(small.execute, "Busy", {"host": host, "port": port})
        with closing(listener.accept()[0]):  # it is in the handler
            for name in ("One", "Two", "Three"):
                assert small.execute(name).status == 200
            small.sweep()
            assert "Busy" in ready(small)
            assert engine_view.images(small, function="Busy")
        meta = call.result().json["Meta"]
    assert meta["ImageBuilt"] is False
    eventually(lambda: fits(small))
