"""What `make run` does, once everything is installed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.samples import cases
from tests.worker import PASSED_ON, ROOT, Worker, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Showcase = subprocess.Popen[str]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder, in which the samples are built once; nothing of its worker is left in the engine."""
    owner = Worker(tmp_path_factory.mktemp("showcase") / "home")
    yield owner.home
    owner.end()


def showcase(home: Path, *arguments: object, **environment: str) -> Showcase:
    """It, running."""
    command = [sys.executable, str(ROOT / "scripts" / "showcase.py"), *map(str, arguments)]
    kept = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
    return subprocess.Popen(
        command,
        env={**kept, "WF_HOME": str(home), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_with_once_it_shows_an_answer_of_each_language_and_leaves_no_container(home: Path) -> None:
    running = showcase(home, free_port(), "--once")
    said, _ = running.communicate()
    assert running.returncode == 0, said
    bodies = [cases.case(name, "").body.replace("Zoë ", "Zoë") for name in cases.HELLO]
    assert [body for body in bodies if f'"body": "{body}"' not in said] == []
    assert Worker(home).containers() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(home: Path, number: signal.Signals) -> None:
    port = free_port()
    running = showcase(home, port)
    assert running.stdout
    assert any(line.startswith("Serving ") for line in running.stdout)
    assert listens(port)
    running.send_signal(number)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 0, said
    assert not listens(port)
    assert Worker(home).containers() == []


def test_told_to_stop_before_the_worker_answers_it_leaves_none_behind(home: Path) -> None:
    port = free_port()
    running = showcase(home, port, "--once")
    assert running.stdout
    assert any("Worker Front serves" in line for line in running.stdout)
    running.send_signal(signal.SIGTERM)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 1, said
    assert not listens(port)


def test_a_sample_that_fails_makes_it_fail(tmp_path: Path) -> None:
    running = showcase(tmp_path / "home", free_port(), "--once", DOCKER_HOST="unix:///nowhere.sock")
    said, _ = running.communicate()
    assert running.returncode == 1, said
    assert said.count('"Code": "engine_unavailable"') == len(cases.HELLO)


def test_a_taken_port_is_named(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = showcase(home, port, "--once")
        said, _ = running.communicate()
    assert running.returncode == 1
    assert f"127.0.0.1:{port} cannot be used" in said
