"""Images and containers that are taken away behind our back: the next call works, a function never runs twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.contract import engine_view, records
from tests.contract.records import image
from tests.docker.functions import node, python
from tests.worker import engine, eventually

if TYPE_CHECKING:
    from tests.worker import Worker


def test_an_image_removed_by_hand_is_built_again(worker: Worker) -> None:
    worker.deploy("Gone", node("return 'here';"))
    assert worker.execute("Gone", {}).status == 200
    with engine() as client:
        eventually(lambda: not engine_view.containers(worker, function="Gone"))
        client.images.remove(image(worker, "Gone")["image_id"], force=True)
    reply = worker.execute("Gone", {})
    assert (reply.status, reply.json["Meta"]["StartType"]) == (200, "built")


def test_a_container_removed_while_it_runs_is_a_crash_and_no_second_run(worker: Worker) -> None:
    worker.deploy("Taken", python("print('running', flush=True)\ntime.sleep(60)"))
    with ThreadPoolExecutor(1) as pool, engine() as client:
        pending = pool.submit(worker.execute, "Taken", {})
        query = "SELECT container_name FROM functions_execution WHERE function_name = 'Taken' AND state = 'RUNNING'"
        eventually(lambda: records.rows(worker, query), 60)
        client.api.remove_container(records.rows(worker, query)[0]["container_name"], force=True)
        reply = pending.result()
    assert (reply.status, reply.json["Code"]) == (502, "function_crashed")
    assert len(records.rows(worker, "SELECT id FROM functions_execution WHERE function_name = 'Taken'")) == 1


def test_network_holders_removed_by_hand_are_replaced(worker: Worker) -> None:
    worker.deploy("Networked", node("return 1;"))
    assert worker.execute("Networked", {}).status == 200
    eventually(lambda: engine_view.containers(worker, role="network"))
    with engine() as client:
        for holder in engine_view.containers(worker, role="network"):
            client.api.remove_container(holder["Id"], force=True)
    assert worker.execute("Networked", {}).status == 200
    eventually(lambda: engine_view.containers(worker, role="network"))
