"""A changed package is a new version: noticed after a call, built by the next one, and the old image goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract import engine_view
from tests.contract.records import header, image
from tests.docker.functions import node
from tests.worker import Worker, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def watchful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker that looks for changes with each call."""
    with Worker(tmp_path_factory.mktemp("watchful") / "home", WF_SOURCE_CHECK_SECONDS="0") as running:
        yield running


def _body(worker: Worker, name: str) -> str:
    reply = worker.execute(name, {})
    assert reply.status == 200, reply.body
    text: str = reply.json["Result"]["body"]
    return text


def test_a_changed_package_is_built_and_the_old_image_goes(watchful: Worker) -> None:
    watchful.deploy("Changes", node("return 'first';"))
    before = watchful.execute("Changes", {})
    old = image(watchful, "Changes")["image_id"]
    watchful.deploy("Changes", node("return 'second';"))
    eventually(lambda: _body(watchful, "Changes") == "second")
    after = watchful.execute("Changes", {})
    assert header(before, "X-Function-Version") != header(after, "X-Function-Version")
    eventually(lambda: old not in {found["Id"] for found in engine_view.images(watchful)})


def test_an_equal_package_is_not_built_again(watchful: Worker) -> None:
    watchful.deploy("Touched", node("return 'same';"))
    _body(watchful, "Touched")
    built_at = image(watchful, "Touched")["image_id"]
    package = watchful.home / "functions" / "Touched.zip"
    package.write_bytes(package.read_bytes())
    for _ in range(3):
        _body(watchful, "Touched")
    assert image(watchful, "Touched")["image_id"] == built_at


def test_a_mended_package_need_not_wait_for_the_back_off(watchful: Worker) -> None:
    watchful.deploy("Mended", {**node("return 'well';"), "config.json": '{"environment": "node12", "timeut": 3}'})
    for _ in range(3):  # each failure makes the back-off longer
        reply = watchful.execute("Mended", {})
        assert (reply.status, reply.json["Code"]) == (502, "source_invalid")
        assert "/timeut" in reply.json["Message"]
    watchful.deploy("Mended", node("return 'well';"))
    assert _body(watchful, "Mended") == "well"


def test_a_deploy_is_noticed_by_a_worker_that_never_looks(own_worker: Worker) -> None:
    own_worker.environment["WF_SOURCE_CHECK_SECONDS"] = "-1"
    own_worker.start()
    own_worker.deploy("Asked", node("return 1;"))
    assert _body(own_worker, "Asked") == "1"
    zipped = own_worker.home / "functions" / "Asked.zip"
    own_worker.deploy("Asked", node("return 2;"))
    assert _body(own_worker, "Asked") == "1"
    copy = own_worker.home / "work" / "Asked.zip"
    copy.write_bytes(zipped.read_bytes())
    own_worker.manage("deploy", str(copy))
    assert _body(own_worker, "Asked") == "2"
