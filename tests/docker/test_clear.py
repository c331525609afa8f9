"""`/clear` on a real engine: what is idle is gone when it answers, what is busy serves on, and no call fails."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract import engine_view, records
from tests.docker.functions import python
from tests.worker import Worker, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worker import Reply

SETTLE_S = 60
CALLERS, CALLS = 4, 24
LEVELS = ("container", "process", "shared")
AT_ONCE = 2  # calls in a long-lived container: while it serves so many it takes no other
BODY = """
if 'host' in event:
    socket.create_connection((event['host'], event['port'])).recv(1)
return event.get('number')
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """With a function for each way to serve a call, and a pool for the one that can have it."""
    settings = {"CONTAINER_POOL_LIMIT": "1", "CONTAINER_POOL_NUM": "2", "REST_CONTAINER_LIFE_TIME": "600"}
    settings["WF_CONTAINER_CONCURRENCY"] = str(AT_ONCE)
    with Worker(tmp_path_factory.mktemp("clear") / "home", **settings) as running:
        for level in LEVELS:
            running.deploy(level.title(), python(BODY, isolation=level))
            assert running.execute(level.title(), {}).status == 200
        yield running


def clear(worker: Worker, query: str = "") -> dict[str, Any]:
    reply = worker.request(f"/clear{query}")
    assert reply.status == 200, reply.body
    assert reply.json["Message"] == "cleared"
    answer: dict[str, Any] = reply.json
    return answer


def at_rest(worker: Worker) -> set[str]:
    """Containers that wait for a call."""
    query = "SELECT container_id FROM functions_poolentry WHERE state IN ('IDLE', 'SERVING')"
    return {row["container_id"] for row in records.rows(worker, query)}


def present(worker: Worker) -> set[str]:
    return {container["Id"] for container in engine_view.containers(worker)}


def call(worker: Worker, number: int) -> Reply:
    return worker.execute(LEVELS[number % len(LEVELS)].title(), {"number": number})


def image_states(worker: Worker) -> set[str]:
    return {row["state"] for row in records.rows(worker, "SELECT state FROM functions_image")}


def test_what_is_idle_is_gone_when_it_answers(worker: Worker) -> None:
    eventually(lambda: len(engine_view.containers(worker, role="prewarmed")) == 2, SETTLE_S)
    eventually(lambda: at_rest(worker) == present(worker), SETTLE_S)
    before = at_rest(worker)
    serving = {container["Id"] for container in engine_view.containers(worker, role="long-lived")}
    assert len(serving) == 2
    assert len(before - serving) >= 2  # the pre-warmed, and network holders
    answer = clear(worker)
    assert answer["Containers"] >= len(before)
    assert present(worker).isdisjoint(before - serving)
    eventually(lambda: present(worker).isdisjoint(serving))  # their agents end them, nearly always before the answer
    assert image_states(worker) == {"READY"}
    for level in LEVELS:
        reply = worker.execute(level.title(), {})
        assert (reply.status, reply.json["Meta"]["ImageBuilt"]) == (200, False)


def test_busy_containers_and_images_serve_their_calls_and_go(worker: Worker) -> None:
    names = [level.title() for level in LEVELS] * AT_ONCE
    with closing(socket.create_server((engine_view.gateway(), 0))) as listener, ThreadPoolExecutor(len(names)) as pool:
        listener.settimeout(SETTLE_S)
        host, port = listener.getsockname()
        calls = [pool.submit(worker.execute, name, {"host": host, "port": port, "number": 6}) for name in names]
        waiting = [listener.accept()[0] for _ in names]  # all of them are in the handler
        answer = clear(worker, "?reset_images=true")
        assert answer["ImagesInUse"] == len(LEVELS)
        for connection in waiting:
            connection.close()
        replies = [call.result() for call in calls]
    assert [(reply.status, reply.json["Result"]["body"]) for reply in replies] == [(200, "6")] * len(names)
    worker.sweep()
    eventually(lambda: not engine_view.images(worker) and image_states(worker) == {"ABSENT"}, SETTLE_S)
    assert worker.execute("Process", {}).json["Meta"]["ImageBuilt"]


def test_no_call_fails_while_the_worker_is_cleared_again_and_again(worker: Worker) -> None:
    over = threading.Event()

    def clear_all() -> int:
        count = 0
        while not over.is_set():
            count += 1
            clear(worker, "?reset_images=true" if count % 4 == 0 else "")
        return count

    with ThreadPoolExecutor(CALLERS + 1) as pool:
        clearing = pool.submit(clear_all)
        try:
            replies = list(pool.map(lambda number: call(worker, number), range(CALLS)))
        finally:
            over.set()
        assert clearing.result() > 1
    assert [reply.body for reply in replies if reply.status != 200] == []
    assert [reply.json["Result"]["body"] for reply in replies] == [str(number) for number in range(CALLS)]


def test_a_bad_parameter_is_named_and_nothing_is_removed(worker: Worker) -> None:
    worker.deploy("Intact", python(BODY))  # no other test has doomed its image
    assert worker.execute("Intact", {}).status == 200
    for query in ("reset_images=maybe", "reset_image=true"):
        reply = worker.request(f"/clear?{query}")
        assert (reply.status, reply.json["Code"]) == (400, "invalid_option")
        assert query.split("=")[0] in reply.json["Message"]
    assert worker.request("/clear?reset_images=true", Origin="https://evil.example").status == 403
    image = records.image(worker, "Intact")
    assert (image["state"], image["is_doomed"]) == ("READY", 0)
