"""The engine's client on a real engine: its vocabulary, and where docker-py's errors end."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from functions.engine import host_config
from functions.engine.docker import Engine, NoSuchImage, NoSuchThing
from functions.errors import Conflict, EngineUnavailable
from tests.worker import engine as docker_client
from tests.worker import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "python:3.12-slim"


@pytest.fixture
def engine() -> Engine:
    return Engine(timeout_s=20)


@pytest.fixture
def container(engine: Engine) -> Iterator[str]:
    """A created container that would sleep for long."""
    labels = {"workerfront.instance": f"unit-{secrets.token_hex(6)}"}
    wanted = host_config.Container(BASE, {}, labels, 64 << 20, 0, host_config.NO_NETWORK, None)
    config = {**host_config.container(wanted), "Entrypoint": ["sleep", "1000"]}
    container_id = engine.create(f"wf-unit-{secrets.token_hex(6)}", config)
    yield container_id
    engine.remove(container_id)


def test_a_container_runs_and_ends_and_is_gone(engine: Engine, container: str) -> None:
    assert not engine.state(container).running
    engine.start(container)
    assert engine.state(container).running
    engine.remove(container)
    with pytest.raises(NoSuchThing):
        engine.state(container)
    engine.remove(container)


def test_what_is_not_there_is_removed_already(engine: Engine) -> None:
    engine.remove("no-such-container")
    engine.remove_image("sha256:" + "0" * 64)


def test_what_is_not_there_is_told_by_kind(engine: Engine) -> None:
    with pytest.raises(NoSuchImage):
        engine.image("sha256:" + "0" * 64)
    with pytest.raises(NoSuchThing):
        engine.start("no-such-container")
    wanted = host_config.Container("sha256:" + "0" * 64, {}, {}, 64 << 20, 0, host_config.NO_NETWORK, None)
    with pytest.raises(NoSuchImage):
        engine.create(f"wf-unit-{secrets.token_hex(6)}", host_config.container(wanted))


def test_containers_are_found_by_label(engine: Engine, container: str) -> None:
    with docker_client() as client:
        labels = client.containers.get(container).labels
    own = {key: value for key, value in labels.items() if key == "workerfront.instance"}
    assert [entry["Id"] for entry in engine.containers(own)] == [container]
    assert engine.containers({**own, "workerfront.node": "other"}) == []


def test_an_image_in_use_is_a_conflict(engine: Engine, container: str) -> None:
    with docker_client() as client:
        image = client.containers.get(container).commit()
    wanted = host_config.Container(str(image.id), {}, {}, 64 << 20, 0, host_config.NO_NETWORK, None)
    config = {**host_config.container(wanted), "Entrypoint": ["sleep", "1000"]}
    user = engine.create(f"wf-unit-{secrets.token_hex(6)}", config)
    engine.start(user)
    with pytest.raises(Conflict):
        engine.remove_image(str(image.id))
    engine.remove(user)
    engine.remove_image(str(image.id))
    with pytest.raises(NoSuchImage):
        engine.image(str(image.id))


def test_a_name_that_is_taken_is_a_conflict(engine: Engine, container: str) -> None:
    with docker_client() as client:
        name = client.containers.get(container).name
    wanted = host_config.Container(BASE, {}, {}, 64 << 20, 0, host_config.NO_NETWORK, None)
    with pytest.raises(Conflict):
        engine.create(str(name), host_config.container(wanted))


def test_the_network_is_made_once(engine: Engine) -> None:
    engine.ensure_network()
    engine.ensure_network()
    with docker_client() as client:
        networks = client.networks.list(names=[f"^{host_config.NETWORK}$"])
    assert len(networks) == 1
    assert networks[0].attrs["Options"]["com.docker.network.bridge.enable_icc"] == "false"


def test_an_engine_that_is_not_there_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{free_port()}")
    absent = Engine(timeout_s=1)
    for ask in (lambda: absent.images({}), lambda: absent.create("x", {})):
        with pytest.raises(EngineUnavailable):
            ask()
