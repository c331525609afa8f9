"""Fixtures that several rings share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import environment
from tests.distribution import BySharedParts
from tests.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BySharedParts:
    """With several processes (`-n`), tests that share a worker or built functions run in one of them."""
    return BySharedParts(config, log)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Each process of `-n` has a database of its own. SQLite's is a file: threads and processes meet in it, as they do
    in a worker.
    """
    from django.conf import settings

    database: dict[str, Any] = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(environment.HOME / "test.sqlite3")


@pytest.fixture(scope="session")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """One running worker for the whole session. Tests give their functions names of their own."""
    with Worker(tmp_path_factory.mktemp("worker") / "home") as running:
        yield running


@pytest.fixture
def own_worker(tmp_path: Path) -> Iterator[Worker]:
    """A worker that is not started yet, for a test that stops, kills or configures it."""
    idle = Worker(tmp_path / "home")
    yield idle
    idle.end()
