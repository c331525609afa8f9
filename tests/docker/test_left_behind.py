"""Whatever goes wrong, nothing stays: no container, no folder, no image, no row without an end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract import engine_view, records
from tests.docker.functions import Files, java, python
from tests.worker import eventually

if TYPE_CHECKING:
    from tests.worker import Reply, Worker

FAILURES = {
    "Hangs": (python("time.sleep(60)", timeout=1), 504, "function_timeout", "TIMED_OUT"),
    "Crashes": (python("os._exit(3)"), 502, "function_crashed", "FAILED"),
    "Hungers": (python("return len(b'x' * 10**9)", memory="64m"), 502, "function_oom", "FAILED"),
    "Babbles": (python("return {1, 2}"), 502, "result_invalid", "FAILED"),
}
BROKEN_BUILDS = {
    "NoJava": java("return nothing;"),
    "NoPackage": {**python("return 1"), "requirements.txt": "worker-front-has-no-such-package==1.0\n"},
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_call_leaves_one_ended_row_and_nothing_else(worker: Worker, name: str) -> None:
    files, status, code, state = FAILURES[name]
    worker.deploy(name, files)
    reply = worker.execute(name, {})
    assert (reply.status, reply.json["Code"]) == (status, code)
    assert records.execution(worker, reply)["state"] == state
    eventually(lambda: not engine_view.containers(worker, function=name))
    eventually(lambda: not _channels_of(worker, reply))


def _channels_of(worker: Worker, reply: Reply) -> list[str]:
    row = records.execution(worker, reply)
    return [path.name for path in (worker.home / "channels").iterdir() if path.name.startswith(row["id"])]


@pytest.mark.parametrize("name", BROKEN_BUILDS)
def test_a_failed_build_leaves_no_image_and_no_file(worker: Worker, name: str) -> None:
    files: Files = BROKEN_BUILDS[name]
    worker.deploy(name, files)
    dangling = {image["Id"] for image in engine_view.dangling(worker)}
    reply = worker.execute(name, {})
    assert (reply.status, reply.json["Code"]) == (502, "build_failed")
    assert {image["Id"] for image in engine_view.dangling(worker)} <= dangling
    assert not engine_view.images(worker, function=name)
    assert not list((worker.home / "work").iterdir())


def test_a_compiler_error_is_answered_in_the_compilers_words(worker: Worker) -> None:
    worker.deploy("JavaTypo", java("return nothing;"))
    reply = worker.execute("JavaTypo", {})
    assert "Main.java:4: error: cannot find symbol" in reply.json["Message"]
    assert "cannot find symbol" in records.image(worker, "JavaTypo")["log"]
