"""`"network": "none"` in config.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.models.function import Isolation
from runtimes import registry
from tests.contract.conftest import deployed, with_limits

if TYPE_CHECKING:
    from tests.worker import Worker

PLACES = ("1.1.1.1:80", "172.17.0.1:22", "169.254.169.254:80")
BY_CHANNEL = {
    kind: [name for name in registry.names() if registry.get(name).channel == kind] for kind in ("unix", "tcp")
}


@pytest.mark.parametrize("isolation", Isolation.values)
@pytest.mark.parametrize("runtime", BY_CHANNEL["unix"])
def test_a_function_without_a_network_answers_and_reaches_nothing(worker: Worker, runtime: str, isolation: str) -> None:
    found = with_limits(worker, runtime, isolation).value("connect", places=PLACES)
    assert found == dict.fromkeys(PLACES, False)


@pytest.mark.parametrize("runtime", BY_CHANNEL["tcp"])
def test_a_runtime_that_is_reached_over_a_network_refuses_to_go_without(worker: Worker, runtime: str) -> None:
    reply = deployed(worker, "Offline", runtime, network="none").call("echo")
    assert (reply.status, reply.json["Code"]) == (502, "source_invalid")
    assert "config.json /network" in reply.json["Message"]
