"""What a function reaches: not the worker, not another function, not the host's metadata address."""

from __future__ import annotations

import json
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.contract import engine_view
from tests.docker.functions import node, python
from tests.worker import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worker import Worker

METADATA = "169.254.169.254"
CONNECT = """
found = {}
for host, port in event:
    with socket.socket() as probe:
        probe.settimeout(2)
        found[host] = probe.connect_ex((host, port)) == 0
return found
"""
SERVE = """
const serve = (done) => (link) => link.on('error', () => {}).on('data', () => done('told to end'));
return new Promise((done) => require('net').createServer(serve(done)).listen(8080));
"""


def _reached(worker: Worker, *places: tuple[str, int]) -> dict[str, bool]:
    worker.deploy("Curious", python(CONNECT))
    reply = worker.execute("Curious", list(places))
    assert reply.status == 200, reply.body
    found: dict[str, bool] = json.loads(reply.json["Result"]["body"])
    return found


def test_a_function_does_not_reach_the_workers_port(worker: Worker) -> None:
    gateway = engine_view.gateway()
    assert _reached(worker, ("127.0.0.1", worker.port), (gateway, worker.port)) == {"127.0.0.1": False, gateway: False}


def test_a_function_does_not_reach_another_function(worker: Worker) -> None:
    worker.deploy("Server", node(SERVE))
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(worker.execute, "Server", {})
        eventually(lambda: _addresses(worker, "Server"), 60)
        address = _addresses(worker, "Server")[0]
        eventually(lambda: _listens(address, 8080))  # to this machine
        assert _reached(worker, (address, 8080)) == {address: False}
        with socket.create_connection((address, 8080)) as link:
            link.sendall(b"enough")
        assert pending.result().json["Result"]["body"] == "told to end"


def _listens(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((address, port)) == 0


def _addresses(worker: Worker, name: str) -> list[str]:
    """The address of a running function, its own or that of the holder that it joined."""
    found = []
    for entry in engine_view.containers(worker, function=name):
        own = engine_view.inspected(entry["Id"])
        mode = own["HostConfig"]["NetworkMode"] if own else ""
        holder = mode.startswith("container:")
        owner = engine_view.inspected(mode.removeprefix("container:")) if holder else own
        networks = owner["NetworkSettings"]["Networks"] if owner else {}
        found += [network["IPAddress"] for network in networks.values() if network["IPAddress"]]
    return found


@pytest.fixture
def metadata_service() -> Iterator[int]:
    """A listener at the metadata address, as a cloud has one; its port."""
    subprocess.run(["ip", "address", "add", f"{METADATA}/32", "dev", "lo"], check=True)
    try:
        with closing(socket.create_server((METADATA, 0))) as listener:
            port: int = listener.getsockname()[1]
            socket.create_connection((METADATA, port), timeout=5).close()  # it can be reached from the host
            yield port
    finally:
        subprocess.run(["ip", "address", "delete", f"{METADATA}/32", "dev", "lo"], check=True)


def test_a_function_does_not_reach_the_metadata_address(worker: Worker, metadata_service: int) -> None:
    assert _reached(worker, (METADATA, metadata_service)) == {METADATA: False}


def test_a_function_reaches_the_outside_of_its_bridge(worker: Worker) -> None:
    gateway = engine_view.gateway()
    with closing(socket.create_server((gateway, 0))) as listener:
        assert _reached(worker, (gateway, listener.getsockname()[1])) == {gateway: True}
