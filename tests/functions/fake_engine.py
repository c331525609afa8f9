"""An engine of dictionaries with the real one's interface (a test compares them); its containers are fake agents.

For decisions that the real engine cannot be brought to at will, such as an image that vanishes between two steps. The
channel is the real one: a started container listens on a socket in its bind-mounted folder.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from functions.engine.docker import ContainerState, NoSuchImage, NoSuchThing
from functions.errors import Conflict
from tests.functions.fake_agent import HELLO, Agent, AgentThread, answering, soon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["FakeEngine", "answering", "end_agents", "soon"]


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
        self._agents: dict[str, AgentThread] = {}
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
            serves_many = "WF_MODE=container" not in config["Env"]
            self._agents[container_id] = AgentThread(folder, self.agent, serves_many=serves_many)

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
        container_id = self._by_name(container_id)
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
        if any(made["Image"] == image_id for made in list(self.made.values())):
            raise Conflict(f"{image_id} is used by a container")
        self.built.pop(image_id, None)

    def images(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        self._happens("images")
        listed = [{"RepoTags": None, **image, "Created": time.time()} for image in self.built.values()]
        return [entry for entry in listed if labels.items() <= entry["Labels"].items()]

    def _happens(self, method: str, config: Mapping[str, Any] | None = None) -> None:
        if config and not config["HostConfig"]["Binds"]:
            method = f"{method} of a holder"  # which calls make in the background: nothing that a test can wait for
        self.history.append(method)
        if self.failing.get(method):
            raise self.failing[method].pop(0)

    def _by_name(self, reference: str) -> str:
        """The id of a container; the engine takes its name for it."""
        return next((key for key, made in list(self.made.items()) if made["Name"] == reference), reference)

    def _container(self, container_id: str) -> dict[str, Any]:
        if container_id not in self.made:
            raise NoSuchThing(f"No such container: {container_id}")
        return self.made[container_id]


def end_agents(engine: FakeEngine) -> None:
    """Every container of this engine ends by itself. It is there until somebody removes it."""
    for agent in engine._agents.values():
        agent.stop()
