"""`"network": "none"` in config.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runtimes import registry
from tests.contract.conftest import deployed

if TYPE_CHECKING:
    from tests.contract.conftest import ContractFunction
    from tests.worker import Worker

PLACES = ("1.1.1.1:80", "172.17.0.1:22", "169.254.169.254:80")
WITHOUT_UNIX_SOCKETS = [name for name in registry.names() if registry.get(name).channel == "tcp"]


def test_a_function_without_a_network_answers_and_reaches_nothing(limited: ContractFunction) -> None:
    if limited.runtime in WITHOUT_UNIX_SOCKETS:
        return
    assert limited.value("connect", places=PLACES) == dict.fromkeys(PLACES, False)


@pytest.mark.parametrize("runtime", WITHOUT_UNIX_SOCKETS)
def test_a_runtime_that_is_reached_over_a_network_refuses_to_go_without(worker: Worker, runtime: str) -> None:
    reply = deployed(worker, "Offline", runtime, network="none").call("echo")
    assert (reply.status, reply.json["Code"]) == (502, "source_invalid")
    assert "config.json /network" in reply.json["Message"]
