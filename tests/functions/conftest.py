"""Fixtures of the unit ring."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage

from functions import generation
from functions.build import platform as platform_module
from functions.invoke import aftermath, routes
from functions.sources.folder import FolderSource
from tests.functions.fake_engine import FakeEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions.build.platform import Platform


def join_background_work() -> None:
    """What calls have left to threads of ours is done when this returns."""
    aftermath._threads().shutdown(wait=True)
    aftermath._threads.cache_clear()
    for thread in threading.enumerate():
        if thread.name.startswith("functions.tasks."):
            thread.join()


@pytest.fixture
def settled(transactional_db: None) -> Iterator[None]:
    """For tests with threads: none of them lives longer than the test. Sweeps are not due."""
    cache.clear()  # of what another test has asked for
    cache.set("sweep", True, 3600)
    generation.changed()  # nothing is remembered of another test's rows
    yield
    join_background_work()


@pytest.fixture
def fake_engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def source_folder() -> Iterator[Path]:
    """The folder of this worker's source storage."""
    folder: Path = django_settings.WF_HOME / "functions"
    folder.mkdir(exist_ok=True)
    yield folder
    for path in folder.iterdir():
        path.unlink()


@pytest.fixture
def platform(fake_engine: FakeEngine, source_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """The platform of this process, with a fake engine and a real folder of packages."""
    monkeypatch.setattr(platform_module, "connect", lambda: fake_engine)
    platform_module.platform.cache_clear()
    routes._known.clear()  # of rows that the last test has taken with it
    yield platform_module.platform()
    platform_module.platform.cache_clear()


@pytest.fixture
def source(tmp_path: Path) -> FolderSource:
    """A source storage for this test alone."""
    (tmp_path / "packages").mkdir()
    return FolderSource(FileSystemStorage(location=tmp_path / "packages"))
