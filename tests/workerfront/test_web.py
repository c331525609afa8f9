"""The web server as the supervisor runs it, without a supervisor."""

from __future__ import annotations

import socket
import subprocess
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from tests.worker import eventually, free_port
from tests.workerfront.processes import ROOT, environment
from workerfront import members

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANY = 300  # more than it has threads


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Where it answers."""
    port = free_port()
    process = subprocess.Popen(members._granian("127.0.0.1", port), env=environment(tmp_path), cwd=ROOT)
    try:
        eventually(lambda: is_open(port), 60)
        yield port
    finally:
        process.terminate()
        process.wait()


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ask(connection: HTTPConnection) -> int:
    connection.request("GET", "/nothing")
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_idle_connections_keep_nobody_waiting(port: int) -> None:
    """The first of them is closed by the server after half a minute, and must not have been waited for."""
    with ExitStack() as stack:
        idle = [stack.enter_context(closing(HTTPConnection("127.0.0.1", port))) for _ in range(MANY)]
        assert {ask(connection) for connection in idle} == {404}
        assert {ask(connection) for connection in idle} == {404}
