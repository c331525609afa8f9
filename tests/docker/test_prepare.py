"""`/prepare` on a real engine: what the list names is ready before anybody calls it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.docker.functions import node, python

if TYPE_CHECKING:
    from tests.worker import Worker


def test_what_the_list_names_is_built_and_the_rest_is_reported(own_worker: Worker) -> None:
    own_worker.environment["CONTAINER_POOL_NUM"] = "3"
    own_worker.start()
    own_worker.deploy("W1", node("return 'one';"))
    own_worker.deploy("W2", python("return 'two'"))
    own_worker.deploy("Unlisted", node("return 1;"))
    own_worker.deploy("Broken", {"config.json": json.dumps({"environment": "cobol"})})
    (own_worker.home / "functions" / "lists.txt").write_text("W1.zip W2 # and not Unlisted\nBroken\nMissing 1st\n")
    reply = own_worker.request("/prepare")
    assert (reply.status, reply.json["Message"]) == (200, "2 of 5 functions prepared")
    reports = reply.json["Functions"]
    assert {name: report["Code"] for name, report in reports.items() if not report["Prepared"]} == {
        "Broken": "runtime_unknown",
        "Missing": "function_not_found",
        "1st": "invalid_name",
    }
    for name, body in (("W1", "one"), ("W2", "two")):
        assert reports[name]["ImageBuilt"] is True
        call = own_worker.execute(name, {})
        assert (call.status, call.json["Result"]["body"]) == (200, body)
        assert (call.json["Meta"]["ImageBuilt"], call.json["Meta"]["Version"]) == (False, reports[name]["Version"])
    _a_change_outlives_the_worker(own_worker)


def _a_change_outlives_the_worker(worker: Worker) -> None:
    """And holds over the variables, which give the first values only."""
    assert worker.request("/configure").json["State"]["ContainerPoolNum"] == 3
    assert worker.request("/configure?container_pool_num=4").json["Message"] == "configure changed"
    worker.stop()
    worker.start()
    assert worker.request("/configure").json["State"]["ContainerPoolNum"] == 4
    again = worker.request("/prepare", b"").json["Functions"]
    assert [again[name]["ImageBuilt"] for name in ("W1", "W2")] == [False, False]
