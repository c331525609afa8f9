"""The engine is absent, hung, killed, stopped or emptied: 503 within the deadline, and healing without a restart."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import docker
import docker.errors
import pytest

from runtimes import registry
from tests.docker.functions import python
from tests.faults.second_engine import SecondEngine, second_engine
from tests.worker import Reply, Worker, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNTIME = "python3.12"
NETWORK = "wf-fn"
FUNCTIONS = {
    "fresh": {"isolation": "container", "network": "none"},
    "long-lived": {"isolation": "process", "network": "none"},
    "networked": {"isolation": "container"},
}
HEALS_S = 60
PATIENCE_S = 5  # what the worker grants the engine, for each of its answers


@pytest.fixture(scope="module")
def engine() -> Iterator[SecondEngine]:
    with second_engine() as own:
        own.start()
        own.take(registry.get(RUNTIME).base_image)
        own.stop()
        yield own


@pytest.fixture(scope="module")
def worker(engine: SecondEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """Started while its engine is absent."""
    environment = {"DOCKER_HOST": engine.url, "WF_ENGINE_TIMEOUT_SECONDS": str(PATIENCE_S)}
    with Worker(tmp_path_factory.mktemp("faults") / "home", **environment) as worker:
        for name, config in FUNCTIONS.items():
            worker.deploy(name, python("return 'fine'", RUNTIME, **config))
        yield worker


@pytest.fixture
def running(worker: Worker, engine: SecondEngine) -> SecondEngine:
    """Whatever the test before has made of it."""
    engine.start()
    _until_all_are_fine(worker)
    return engine


def test_it_starts_without_an_engine_says_so_and_heals_when_there_is_one(worker: Worker, engine: SecondEngine) -> None:
    for name in FUNCTIONS:
        _is_unavailable(worker, name)
    engine.start()
    _until_all_are_fine(worker)


def test_an_engine_that_hangs_is_told_in_time(worker: Worker, running: SecondEngine) -> None:
    running.signal(signal.SIGSTOP)
    try:
        _is_unavailable(worker, "fresh")
    finally:
        running.signal(signal.SIGCONT)
    _until_all_are_fine(worker)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_an_engine_that_was_restarted_costs_later_calls_nothing(
    worker: Worker, running: SecondEngine, end: str
) -> None:
    getattr(running, end)()
    _is_unavailable(worker, "fresh")
    running.start()
    _until_all_are_fine(worker)


def test_after_a_prune_of_everything_the_next_calls_build_anew(worker: Worker, running: SecondEngine) -> None:
    with running.client() as client:
        # A prune leaves the images of containers that run: without a registry the base could not come back.
        base = registry.get(RUNTIME).base_image
        holder = client.containers.run(base, "sleep 600", network_mode="none", detach=True)
        eventually(lambda: _has_pruned_the_network(client, worker))
        client.images.prune({"dangling": False})
        holder.remove(force=True)
    for name in FUNCTIONS:
        reply = worker.execute(name, {})
        assert _is_fine(reply)
        assert reply.json["Meta"]["ImageBuilt"]


def _has_pruned_the_network(client: docker.DockerClient, worker: Worker) -> bool:
    """Not while a container is on it: the worker may have been about to start one more for the calls to come."""
    ours = {"label": f"workerfront.instance={worker.instance}"}
    for container in client.containers.list(filters=ours, ignore_removed=True):
        with suppress(docker.errors.APIError):  # it goes by itself
            container.remove(force=True)
    client.containers.prune()
    return NETWORK in (client.networks.prune()["NetworksDeleted"] or [])


def _until_all_are_fine(worker: Worker) -> None:
    for name in FUNCTIONS:
        eventually(lambda name=name: _is_fine(worker.execute(name, {})), HEALS_S)


def _is_fine(reply: Reply) -> bool:
    return reply.status == 200 and reply.json["Result"]["body"] == "fine"


def _is_unavailable(worker: Worker, name: str) -> None:
    began = time.monotonic()
    reply = worker.execute(name, {})
    assert (reply.status, reply.json["Code"]) == (503, "engine_unavailable"), reply.body
    assert {key.lower(): value for key, value in reply.headers.items()}["retry-after"]
    assert time.monotonic() - began < 10 * PATIENCE_S
