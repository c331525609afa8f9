"""One function for each registered runtime, deployed on the session's worker."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from functions.models.function import Isolation
from runtimes import registry
from tests.contract import records
from tests.contract.package import function_name, language, package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.worker import Reply, Worker

AT_A_TIME = 4


@dataclass(frozen=True)
class ContractFunction:
    """A deployed function whose handler does what `case` in the event says."""

    worker: Worker
    name: str
    runtime: str
    isolation: str = "container"

    def call(self, case: str, **event: Any) -> Reply:
        return self.worker.execute(self.name, {"case": case, **event})

    def value(self, case: str, **event: Any) -> Any:
        """The handler's value; the call must succeed."""
        return value_of(self.call(case, **event))

    def send(self, event: Any) -> Reply:
        """Any event, null included."""
        body = json.dumps(event).encode()
        return self.worker.request(f"/execute?name={self.name}", body, Content_Type="application/json")

    def send_all(self, events: Mapping[str, Any]) -> dict[str, Reply]:
        """A call for each of these events, several at a time; the answers by the events' names."""
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            return dict(zip(events, pool.map(self.send, events.values()), strict=True))

    def record(self, reply: Reply) -> dict[str, Any]:
        return records.execution(self.worker, reply)


def value_of(reply: Reply) -> Any:
    """A handler's value out of a 200 answer: its body as JSON, or as it is when it is no JSON."""
    assert reply.status == 200, reply.body
    body = reply.json["Result"]["body"]
    try:
        return json.loads(body)
    except ValueError:
        return body


def deployed(
    worker: Worker, prefix: str, runtime: str, isolation: str = "container", **config: Any
) -> ContractFunction:
    """The contract's package under a name of its own; a second time it is not built again."""
    name = function_name(prefix + isolation.title(), runtime)
    if not (worker.home / "functions" / f"{name}.zip").exists():
        worker.deploy(name, package(runtime, isolation=isolation, **config))
    return ContractFunction(worker, name, runtime, isolation)


def unlimited(worker: Worker, runtime: str, isolation: str = "container") -> ContractFunction:
    """The contract's function with the worker's own limits."""
    return deployed(worker, "Contract", runtime, isolation, env={"FLAVOUR": "süß", "EMPTY": ""})


def with_limits(worker: Worker, runtime: str, isolation: str = "container", timeout: int = 2) -> ContractFunction:
    """The contract's function with little time and memory, and no network where its channel needs none."""
    memory = "128m" if language(runtime) == "java" else "64m"
    network = "none" if registry.get(runtime).channel == "unix" else "egress"
    return deployed(worker, f"Limited{timeout}", runtime, isolation, timeout=timeout, memory=memory, network=network)


@pytest.fixture(scope="session", params=registry.names())
def runtime(request: pytest.FixtureRequest) -> str:
    """Every registered runtime in turn."""
    name: str = request.param
    return name


@pytest.fixture(scope="session", params=Isolation.values)
def isolation(request: pytest.FixtureRequest, runtime: str) -> str:
    """Every isolation level that the runtime's agent knows."""
    level: str = request.param
    assert level in registry.get(runtime).modes
    return level


@pytest.fixture(scope="session")
def function(worker: Worker, runtime: str, isolation: str) -> ContractFunction:
    """The contract's function with the worker's own limits."""
    return unlimited(worker, runtime, isolation)


@pytest.fixture(scope="session")
def limited(worker: Worker, runtime: str, isolation: str) -> ContractFunction:
    """The contract's function with little time and memory, and no network where its channel needs none."""
    return with_limits(worker, runtime, isolation)
