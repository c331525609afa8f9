"""What dead processes left in the database and on the disk."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from functions import liveness
from functions.engine import labels
from functions.errors import EngineUnavailable
from functions.models import PoolEntry
from functions.models.execution import ExecutionState
from functions.models.image import ImageState
from functions.pool.container import remove_folder
from functions.upkeep import files, reaper
from tests.functions.models import rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_django import Settings

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.django_db

PAST = timezone.now() - timedelta(seconds=1)


@pytest.fixture
def aged() -> Callable[..., Path]:
    """Makes folders of this age in a room of WF_HOME, with something in them."""

    def make(room: str, name: str, age_s: float) -> Path:
        folder: Path = django_settings.WF_HOME / room / name
        folder.mkdir()
        (folder / "file").touch()
        folder.chmod(0o555)
        os.utime(folder, (time.time() - age_s,) * 2)
        return folder

    return make


def state_of(row: object) -> str:
    return str(rows.snapshot(row)["state"])  # type: ignore[arg-type]


def test_leases_that_ended_are_ended(platform: Platform) -> None:
    build = rows.image(ImageState.BUILDING, lease_expires_at=PAST)
    queued = rows.execution(lease_expires_at=PAST)
    running = rows.execution(ExecutionState.RUNNING, lease_expires_at=PAST)
    reaper.sweep(platform)
    assert (state_of(build), state_of(queued), state_of(running)) == ("ABSENT", "ABANDONED", "ABANDONED")


def test_leases_that_hold_and_those_of_other_nodes_are_left_alone(platform: Platform) -> None:
    here = [rows.image(ImageState.BUILDING), rows.execution(ExecutionState.RUNNING)]
    there = [
        rows.image(ImageState.BUILDING, rows.function("W2"), node="other", lease_expires_at=PAST),
        rows.execution(node="other", lease_expires_at=PAST),
    ]
    before = [rows.snapshot(row) for row in [*here, *there]]
    reaper.sweep(platform)
    assert [rows.snapshot(row) for row in [*here, *there]] == before


def test_channel_folders_go_when_no_row_needs_them(platform: Platform, aged: Callable[..., Path]) -> None:
    me, now = liveness.me(), timezone.now()
    ended = rows.execution(ExecutionState.SUCCEEDED, owner=me, finished_at=now - 2 * files.END_OF_CALL)
    left = rows.execution(ExecutionState.SUCCEEDED, owner="killed", finished_at=now)
    ending = rows.execution(ExecutionState.SUCCEEDED, owner=me, finished_at=now)
    running = rows.execution(ExecutionState.RUNNING, owner=me)
    PoolEntry.objects.create(node=platform.node, kind="prewarmed", owner=me, container_name="c", folder="kept-b")
    unneeded = [f"{ended.pk.hex}-abc", f"{left.pk.hex}-abc", "nonsense", "kept-a"]
    needed = [f"{running.pk.hex}-abc", f"{ending.pk.hex}-abc", "kept-b"]
    gone, kept = ([aged("channels", name, 1) for name in names] for names in (unneeded, needed))
    reaper.sweep(platform)
    assert [folder.name for folder in gone if folder.exists()] == []
    assert [folder.name for folder in kept if not folder.exists()] == []
    for folder in kept:
        remove_folder(folder)


def test_a_folder_may_be_removed_by_a_sweep_and_by_its_call_at_the_same_time(aged: Callable[..., Path]) -> None:
    together = threading.Barrier(2)

    def remove(folder: Path) -> None:
        together.wait()
        remove_folder(folder)

    with ThreadPoolExecutor(2) as both:
        for number in range(100):
            folder = aged("channels", f"kept-{number}", 1)
            for removal in [both.submit(remove, folder) for _ in range(2)]:
                removal.result()
            assert not folder.exists()
    remove_folder(None)


def test_folders_of_killed_builds_go_when_no_build_can_use_them(
    platform: Platform, aged: Callable[..., Path], settings: Settings
) -> None:
    settings.WF_BUILD_TIMEOUT_SECONDS = 100
    old, young = aged("work", "old", 201), aged("work", "young", 150)
    build = rows.image(ImageState.BUILDING)
    reaper.sweep(platform)
    assert (old.exists(), young.exists()) == (False, True)
    build.delete()
    reaper.sweep(platform)
    assert not young.exists()


@pytest.mark.parametrize("method", ["containers", "images"])
def test_a_listing_that_fails_stops_nothing_else(
    platform: Platform, fake_engine: FakeEngine, aged: Callable[..., Path], method: str
) -> None:
    fake_engine.failing[method] = [EngineUnavailable()]
    row, folder = rows.execution(lease_expires_at=PAST), aged("channels", "nonsense", 1)
    reaper.sweep(platform)
    assert state_of(row) == "ABANDONED"
    assert not folder.exists()
    assert "remove" not in fake_engine.history
    assert "remove_image" not in fake_engine.history


def test_an_item_that_fails_stops_no_other(platform: Platform, fake_engine: FakeEngine) -> None:
    own = labels.container(platform.instance, platform.node, "W1", "v", "e")
    for number in range(3):
        fake_engine.made[f"c{number}"] = {"Name": "c", "Image": "i", "Labels": own, "HostConfig": {"Binds": ["x"]}}
    fake_engine.failing["remove"] = [EngineUnavailable()]
    reaper.sweep(platform)
    assert list(fake_engine.made) == ["c0"]
    reaper.sweep(platform)
    assert fake_engine.made == {}
