"""What the engine holds of a worker, by docker-py's plain lists: its container objects fail when one goes meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import docker.errors

from tests.worker import engine

if TYPE_CHECKING:
    from tests.worker import Worker


def containers(worker: Worker, **labels: str) -> list[dict[str, Any]]:
    """The engine's entries of this instance's containers, running or not, that have these labels as well."""
    with engine() as client:
        return list(client.api.containers(all=True, filters={"label": _labels(worker, labels)}))


def inspected(container_id: str) -> dict[str, Any] | None:
    """All that the engine says of a container; None when it has gone since it was listed."""
    with engine() as client:
        try:
            return dict(client.api.inspect_container(container_id))
        except docker.errors.NotFound:
            return None


def container_names(worker: Worker) -> list[str]:
    return [container["Names"][0].removeprefix("/") for container in containers(worker)]


def images(worker: Worker, **labels: str) -> list[dict[str, Any]]:
    """The engine's entries of this instance's images, tagged or not."""
    with engine() as client:
        return list(client.api.images(filters={"label": _labels(worker, labels)}))


def dangling(worker: Worker) -> list[dict[str, Any]]:
    """Images of this instance that nothing names and nothing needs."""
    with engine() as client:
        return list(client.api.images(filters={"label": _labels(worker, {}), "dangling": True}))


def gateway() -> str:
    """This machine's address on the bridge of the functions."""
    with engine() as client:
        address: str = client.api.inspect_network("wf-fn")["IPAM"]["Config"][0]["Gateway"]
        return address


def _labels(worker: Worker, further: dict[str, str]) -> list[str]:
    wanted = {"instance": worker.instance, **further}
    return [f"workerfront.{key}={value}" for key, value in wanted.items()]
