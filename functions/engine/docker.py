"""The only user of docker-py. Speaks our vocabulary; the vendor's exceptions end here.

docker-py's client is not thread-safe, so each thread has its own. Every request has a time limit.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import IO, TYPE_CHECKING, Any

import docker
import docker.errors
import requests.exceptions
import urllib3.exceptions
from django.conf import settings
from docker.utils import kwargs_from_env

from functions.engine import host_config
from functions.errors import Conflict, DiskFull, EngineUnavailable, WorkerFrontError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

logger = logging.getLogger(__name__)

NOT_FOUND, CONFLICT = 404, 409
UNKNOWN_IMAGE = "unrecognized image ID"


class NoSuchThing(WorkerFrontError):
    """The engine has no such container, image or network."""


class NoSuchImage(NoSuchThing):
    """The engine does not have this image."""


@dataclass(frozen=True)
class ContainerState:
    """How a container is, or how it ended."""

    running: bool
    exit_code: int
    out_of_memory: bool
    address: str  # on our bridge; empty when it has none
    paused: bool = False


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except docker.errors.APIError as error:
        raise _translate(error) from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, docker.errors.DockerException) as error:
        raise EngineUnavailable from error


def _translate(error: docker.errors.APIError) -> WorkerFrontError:
    explanation = str(error.explanation or "")
    if "no space left on device" in explanation:
        return DiskFull()
    if UNKNOWN_IMAGE in explanation:  # with status 500: it was removed at the same moment
        return NoSuchImage(explanation)
    if error.status_code == NOT_FOUND:
        return NoSuchImage(explanation) if "No such image" in explanation else NoSuchThing(explanation)
    if error.status_code == CONFLICT:
        return Conflict(explanation)
    logger.error("the Docker engine refused: %s", explanation)  # not in the answer: it may hold paths of the host
    return EngineUnavailable("The Docker engine refused a request. Its words are in the worker's log.")


class Engine:
    """A Docker engine, found by docker's own environment variables (DOCKER_HOST, ...)."""

    def __init__(self, timeout_s: int) -> None:
        self._timeout_s = timeout_s
        self._clients = threading.local()
        self._version: str | None = None

    @property
    def _client(self) -> docker.APIClient:
        client: docker.APIClient | None = getattr(self._clients, "client", None)
        if client is None:
            options = kwargs_from_env()
            client = docker.APIClient(version=self._version or "auto", timeout=self._timeout_s, **options)
            self._version = client.api_version
            self._clients.client = client
        return client

    # --- containers ---

    def create(self, name: str, config: Mapping[str, Any]) -> str:
        """A new container's id. Makes our network when that is what is missing."""
        try:
            return self._create(name, config)
        except NoSuchThing as missing:
            if "network" not in missing.message:
                raise
            self.ensure_network()
            return self._create(name, config)

    def _create(self, name: str, config: Mapping[str, Any]) -> str:
        with _translated():
            created: dict[str, Any] = self._client.create_container_from_config(dict(config), name)  # type: ignore[no-untyped-call]
            return str(created["Id"])

    def start(self, container_id: str) -> None:
        """Returns when its first process runs."""
        try:
            self._start(container_id)
        except NoSuchThing as missing:
            if "network" not in missing.message:
                raise
            self.ensure_network()
            self._start(container_id)

    def _start(self, container_id: str) -> None:
        with _translated():
            self._client.start(container_id)

    def state(self, container_id: str) -> ContainerState:
        """Raises NoSuchThing when the container is gone."""
        with _translated():
            found = self._client.inspect_container(container_id)
        state, networks = found["State"], found["NetworkSettings"]["Networks"] or {}
        return ContainerState(
            running=bool(state["Running"]),
            exit_code=int(state["ExitCode"]),
            out_of_memory=bool(state["OOMKilled"]),
            address=networks.get(host_config.NETWORK, {}).get("IPAddress", ""),
            paused=bool(state["Paused"]),
        )

    def output(self, container_id: str, limit: int) -> str:
        """The last lines that the container itself wrote, at most about `limit` bytes."""
        with _translated():
            raw: bytes = self._client.logs(container_id, stdout=True, stderr=True, tail=200)
        return raw[-limit:].decode("utf-8", "replace")

    def remove(self, container_id: str) -> None:
        """Kills and removes. One that is gone, or is going, counts as removed."""
        try:
            with _translated():
                self._client.remove_container(container_id, force=True, v=True)
        except (NoSuchThing, Conflict):
            return

    def containers(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """All containers with these labels, running or not: list entries with `Id`, `Labels`, `Created`, ..."""
        with _translated():
            return list(self._client.containers(all=True, filters=_filter(labels)))

    # --- network ---

    def ensure_network(self) -> None:
        """Our bridge exists. It is shared by all workers of this engine and belongs to none."""
        with _translated():
            if self._client.networks(names=[host_config.NETWORK], filters={"name": f"^{host_config.NETWORK}$"}):
                return
        try:
            with _translated():
                self._client.create_network(**host_config.network({"workerfront.role": "network"}))
        except Conflict:
            return  # another worker was first

    # --- images ---

    def build(self, context: IO[bytes], *, tag: str, **options: Any) -> Iterator[dict[str, Any]]:
        """Sends a tar to the engine and yields its messages as they come (`stream`, `error`, `aux`, ...)."""
        with _translated():
            yield from self._client.build(
                fileobj=context, custom_context=True, tag=tag, decode=True, pull=False, **options
            )

    def image(self, reference: str) -> dict[str, Any]:
        """The engine's description (`Id`, `Size`, ...). Raises NoSuchThing."""
        with _translated():
            return dict(self._client.inspect_image(reference))  # type: ignore[no-untyped-call]

    def remove_image(self, image_id: str, *, keep_layers: bool = False) -> None:
        """Removes an image with its tag and its untagged parents. Raises Conflict while a container uses it.

        `keep_layers`: not the parents, because a build may be about to use one.
        """
        try:
            with _translated():
                self._client.remove_image(image_id, force=False, noprune=keep_layers)
        except NoSuchThing:
            return

    def images(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """All images with these labels: the engine's list entries (`Id`, `Labels`, `RepoTags`, ...)."""
        with _translated():
            return list(self._client.images(filters=_filter(labels)))


def _filter(labels: Mapping[str, str]) -> dict[str, list[str]]:
    return {"label": [f"{key}={value}" for key, value in labels.items()]}


@cache
def connect() -> Engine:
    """The engine of this process, made when the edge (a view, a task, a command) first asks for it."""
    return Engine(settings.WF_ENGINE_TIMEOUT_SECONDS)
