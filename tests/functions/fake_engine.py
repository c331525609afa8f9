"""An engine of dictionaries with the real one's interface (a test compares them), and agents that are threads.

For decisions that the real engine cannot be brought to at will, such as an image that vanishes between two steps. The
channel is the real one: a started container listens on a socket in its bind-mounted folder.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from django.db import connections

from functions.engine.channel import SOCKET_NAME, Channel
from functions.engine.docker import ContainerState, NoSuchImage, NoSuchThing

Agent = Callable[[Channel], None]
PATIENCE_S = 20.0


def soon() -> float:
    """A deadline that a working test does not reach."""
    return time.monotonic() + PATIENCE_S


def answering(*frames: dict[str, Any]) -> Agent:
    """An agent that says it is ready, takes the call, and sends these frames."""

    def serve(channel: Channel) -> None:
        channel.send({"type": "ready"}, soon())
        channel.receive(soon())
        for frame in frames:
            channel.send(frame, soon())

    return serve


HELLO = answering({"type": "result", "started_ms": 1.0, "ended_ms": 3.5, "value": "hello"})


class FakeEngine:
    """`failing[method]` holds errors that its next calls raise; `end` is how containers are said to have ended."""

    def __init__(self, agent: Agent = HELLO) -> None:
        self.agent = agent
        self.failing: dict[str, list[Exception]] = {}
        self.said: list[dict[str, Any]] = [{"stream": "Step 1/1 : FROM base\n"}]
        self.end: ContainerState | None = ContainerState(False, 0, False, "")
        self.before_build: Callable[[], None] = lambda: None
        self.built: dict[str, dict[str, Any]] = {}
        self.made: dict[str, dict[str, Any]] = {}
        self.history: list[str] = []
        self._numbers = itertools.count(1)
        self._agents: dict[str, _AgentThread] = {}
        self._lock = threading.Lock()

    def create(self, name: str, config: Mapping[str, Any]) -> str:
        self._happens("create", config)
        if config["Image"].startswith("sha256:") and config["Image"] not in self.built:
            raise NoSuchImage(f"No such image: {config['Image']}")
        with self._lock:
            container_id = f"container{next(self._numbers)}"
            self.made[container_id] = {**config, "Name": name}
        return container_id

    def start(self, container_id: str) -> None:
        config = self._container(container_id)
        self._happens("start", config)
        if binds := config["HostConfig"]["Binds"]:
            folder = Path(binds[0].partition(":")[0])
            self._agents[container_id] = _AgentThread(folder, self.agent)

    def state(self, container_id: str) -> ContainerState:
        self._happens("state", self.made.get(container_id))
        self._container(container_id)
        if self.end is None:
            raise NoSuchThing
        agent = self._agents.get(container_id)
        return ContainerState(True, 0, False, "") if agent is None or agent.thread.is_alive() else self.end

    def output(self, container_id: str, limit: int) -> str:
        self._happens("output")
        return "last words\n"[-limit:]

    def remove(self, container_id: str) -> None:
        self._happens("remove", self.made.get(container_id))
        self.made.pop(container_id, None)
        agent = self._agents.pop(container_id, None)
        if agent:
            agent.stop()

    def containers(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        self._happens("containers")
        listed = [self._listed(key, made) for key, made in self.made.items()]
        return [entry for entry in listed if labels.items() <= entry["Labels"].items()]

    def _listed(self, container_id: str, made: Mapping[str, Any]) -> dict[str, Any]:
        agent = self._agents.get(container_id)
        has_ended = agent is not None and not agent.thread.is_alive()
        return {
            "Id": container_id,
            "Names": [f"/{made['Name']}"],
            "ImageID": made["Image"],
            "Labels": made["Labels"],
            "State": "exited" if has_ended else "running",
            "Mounts": [{"Type": "bind", "Source": bind.partition(":")[0]} for bind in made["HostConfig"]["Binds"]],
        }

    def ensure_network(self) -> None:
        self._happens("ensure_network")

    def build(self, context: IO[bytes], *, tag: str, **options: Any) -> Iterator[dict[str, Any]]:
        self._happens("build")
        self.before_build()
        yield from self.said
        if any("error" in message for message in self.said):
            return
        image_id = f"sha256:{hashlib.sha256(context.read()).hexdigest()}"
        self.built[image_id] = {"Id": image_id, "Size": 1000, "RepoTags": [tag], "Labels": options["labels"]}
        yield {"aux": {"ID": image_id}}

    def image(self, reference: str) -> dict[str, Any]:
        self._happens("image")
        try:
            return self.built[reference]
        except KeyError:
            raise NoSuchImage(reference) from None

    def remove_image(self, image_id: str, *, keep_layers: bool = False) -> None:
        self._happens("remove_image")
        self.built.pop(image_id, None)

    def images(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        self._happens("images")
        listed = [{**image, "Created": time.time()} for image in self.built.values()]
        return [entry for entry in listed if labels.items() <= entry["Labels"].items()]

    def _happens(self, method: str, config: Mapping[str, Any] | None = None) -> None:
        if config and not config["HostConfig"]["Binds"]:
            method = f"{method} of a holder"  # which calls make in the background: nothing that a test can wait for
        self.history.append(method)
        if self.failing.get(method):
            raise self.failing[method].pop(0)

    def _container(self, container_id: str) -> dict[str, Any]:
        if container_id not in self.made:
            raise NoSuchThing(f"No such container: {container_id}")
        return self.made[container_id]


class _AgentThread:
    """One agent: it listens in the folder before this returns, and serves one connection."""

    def __init__(self, folder: Path, agent: Agent) -> None:
        self._agent = agent
        self._server = socket.socket(socket.AF_UNIX)
        self._connection: socket.socket | None = None
        descriptor = os.open(folder, os.O_DIRECTORY)
        try:
            self._server.bind(f"/proc/self/fd/{descriptor}/{SOCKET_NAME}")  # a long path would not fit in 108 bytes
        finally:
            os.close(descriptor)
        self._server.listen()
        self.thread = threading.Thread(target=self._run, name="fake agent", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with self._server:
            try:
                self._connection, _ = self._server.accept()
            except OSError:  # removed before anyone came
                return
        with self._connection:
            try:
                self._agent(Channel(self._connection))
            except Exception:  # noqa: BLE001 -- a test that removes the container breaks the talk off
                return
            finally:
                connections.close_all()  # an agent of a test may have looked into the database

    def stop(self) -> None:
        for end in (self._server, self._connection):
            if end is not None:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:  # it is closed already
                    continue
        self.thread.join()
