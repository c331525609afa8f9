"""Long-lived containers on a real engine: one at a time, ended by their own agents, replaced when they do not fit."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract import engine_view, records
from tests.docker.functions import Files, node, python
from tests.worker import Worker, engine, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worker import Reply

SETTLE_S = 30
LIFETIME_S = 3


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """In REST mode; packages are looked at with every call."""
    home = tmp_path_factory.mktemp("long-lived") / "home"
    settings = {"USING_REST_MODE": "true", "REST_CONTAINER_LIFE_TIME": "600", "WF_QUEUE_WAIT_SECONDS": "2"}
    with Worker(home, WF_SOURCE_CHECK_SECONDS="0", **settings) as running:
        yield running


def _flags(reply: Reply) -> tuple[str, bool]:
    assert reply.status == 200, reply.body
    meta = reply.json["Meta"]
    assert not meta["UsingPooledContainer"]
    return meta["StartType"], meta["UsingExistingRestContainer"]


def _kept(worker: Worker, name: str) -> list[dict[str, Any]]:
    return engine_view.containers(worker, function=name, role="long-lived")


def test_eight_first_calls_start_one_container_and_the_next_find_it(worker: Worker) -> None:
    worker.deploy("Rest", python("time.sleep(0.05)\nreturn os.getpid()"))
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: worker.execute("Rest", {}), range(8)))
    assert {_flags(reply) for reply in replies} == {("built", False)}
    assert len({reply.json["Meta"]["ContainerName"] for reply in replies}) == 1
    assert len({reply.json["Result"]["body"] for reply in replies}) == 8  # a process for each
    assert _flags(worker.execute("Rest", {})) == ("warm", True)
    assert len(_kept(worker, "Rest")) == 1


def test_the_losers_of_a_race_for_a_start_are_cold_as_well(worker: Worker) -> None:
    queued = "SELECT id FROM functions_execution WHERE function_name = 'Race' AND state = 'QUEUED'"
    with closing(socket.create_server((engine_view.gateway(), 0))) as listener, ThreadPoolExecutor(8) as pool:
        listener.settimeout(SETTLE_S)
        worker.deploy("Race", _loading_while(listener.getsockname()))
        first = pool.submit(worker.execute, "Race", {})
        listener.accept()[0].close()
        assert _flags(first.result()) == ("built", False)
        with engine() as client:
            client.api.remove_container(_kept(worker, "Race")[0]["Id"], force=True)
        calls = [pool.submit(worker.execute, "Race", {}) for _ in range(8)]
        loading = listener.accept()[0]
        eventually(lambda: len(records.rows(worker, queued)) == 8, SETTLE_S)
        loading.close()
        replies = [call.result() for call in calls]
    assert {_flags(reply) for reply in replies} == {("cold", False)}
    assert len({reply.json["Meta"]["ContainerName"] for reply in replies}) == 1


def _loading_while(listener: tuple[str, int]) -> Files:
    """Its handler is loaded a second after this connection has been closed."""
    files = python("return 1")
    load = f"socket.create_connection({listener}).recv(1)\ntime.sleep(1)\n"
    return {**files, "main.py": str(files["main.py"]).replace("\n\n\n", f"\n{load}\n\n", 1)}


@pytest.mark.parametrize("action", ["kill", "pause", "remove"])
def test_a_container_that_is_spoiled_by_hand_is_replaced_by_the_next_call(worker: Worker, action: str) -> None:
    name = f"Spoiled-{action}"
    worker.deploy(name, node("return 1;"))
    worker.execute(name, {})
    (before,) = _kept(worker, name)
    with engine() as client:
        spoil = {"kill": client.api.kill, "pause": client.api.pause}
        spoil.get(action, lambda found: client.api.remove_container(found, force=True))(before["Id"])
    assert _flags(worker.execute(name, {})) == ("cold", False)
    eventually(lambda: [found["Id"] != before["Id"] for found in _kept(worker, name)] == [True], SETTLE_S)


def test_a_new_version_has_a_container_of_its_own_and_a_running_call_ends_in_the_old_one(worker: Worker) -> None:
    worker.deploy("Versions", python("if event:\n    socket.create_connection(event).recv(1)\nreturn 'old'"))
    assert worker.execute("Versions", []).json["Result"]["body"] == "old"
    with closing(socket.create_server((engine_view.gateway(), 0))) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(SETTLE_S)
        running = pool.submit(worker.execute, "Versions", listener.getsockname())
        with closing(listener.accept()[0]):  # it is in the handler
            worker.deploy("Versions", python("return 'new'"))
            eventually(lambda: worker.execute("Versions", []).json["Result"]["body"] == "new", SETTLE_S)
            assert not running.done()
        assert running.result().json["Result"]["body"] == "old"
    eventually(lambda: len(_kept(worker, "Versions")) == 1, SETTLE_S)


def test_an_idle_container_ends_itself_though_every_process_of_ours_is_dead(own_worker: Worker) -> None:
    own_worker.environment |= {"USING_REST_MODE": "true", "REST_CONTAINER_LIFE_TIME": str(LIFETIME_S)}
    own_worker.start()
    own_worker.deploy("Lonely", python(f"time.sleep({LIFETIME_S + 1})\nreturn time.time()"))
    own_worker.execute("Lonely", {})
    reply = own_worker.execute("Lonely", {})  # no call is cut off by the lifetime, however long it is
    assert _flags(reply) == ("warm", True)
    (kept,) = _kept(own_worker, "Lonely")
    own_worker.kill()
    eventually(lambda: not _state(kept["Id"])["Running"], LIFETIME_S + SETTLE_S)
    idle_s = _ended(kept["Id"]) - float(reply.json["Result"]["body"])
    assert LIFETIME_S - 1 < idle_s < LIFETIME_S + 2
    assert _state(kept["Id"])["ExitCode"] == 0


def test_a_lifetime_that_is_configured_holds_for_containers_that_live(worker: Worker) -> None:
    worker.deploy("Shortened", python("return time.time()"))
    assert worker.execute("Shortened", {}).status == 200
    (kept,) = _kept(worker, "Shortened")
    assert worker.request("/configure?rest_container_life_time=1").json["Message"] == "configure changed"
    try:  # long before the lifetime that it was started with
        eventually(lambda: not any(found["Id"] == kept["Id"] for found in _kept(worker, "Shortened")), SETTLE_S)
    finally:
        worker.request("/configure?rest_container_life_time=600")


def _state(container_id: str) -> dict[str, Any]:
    found = engine_view.inspected(container_id)
    assert found
    state: dict[str, Any] = found["State"]
    return state


def _ended(container_id: str) -> float:
    """Unix time; the engine gives nanoseconds, which Python does not read."""
    return datetime.fromisoformat(_state(container_id)["FinishedAt"][:26] + "+00:00").timestamp()
