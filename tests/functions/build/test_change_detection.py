"""A package that changed in its storage is noticed by its etag, not more often than WF_SOURCE_CHECK_SECONDS says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from functions.build import catalog
from functions.sources.source import Stat
from tests.functions.build.packages import PYTHON, package
from tests.functions.models import rows

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from functions.sources.folder import FolderSource

pytestmark = pytest.mark.django_db

RECENTLY = timedelta(seconds=30)
LONG_AGO = timedelta(days=365)


def etag_of(source: FolderSource, name: str) -> str:
    stat = source.stat(name)
    assert stat
    return stat.etag


def test_the_same_package_leaves_the_version_alone(source: FolderSource, tmp_path: Path) -> None:
    package(tmp_path / "packages")
    function = rows.function(source_etag=etag_of(source, "W1"))
    assert not catalog.look_for_change(function.pk, source)
    assert rows.snapshot(function)["version"] == rows.VERSION


def test_another_object_outdates_the_function(source: FolderSource, tmp_path: Path) -> None:
    package(tmp_path / "packages")
    function = rows.function(source_etag=etag_of(source, "W1"))
    package(tmp_path / "packages", files={**PYTHON, "more.txt": "more"})
    assert catalog.look_for_change(function.pk, source)
    assert rows.snapshot(function)["version"] == ""


def test_a_storage_without_marks_is_read_again_each_time() -> None:
    class NoMarks:
        def stat(self, name: str) -> Stat:
            return Stat("", -1)

    function = rows.function(source_etag="a digest")
    assert catalog.look_for_change(function.pk, NoMarks())


def test_a_package_that_was_taken_away_leaves_the_built_version(source: FolderSource) -> None:
    function = rows.function(source_etag="old")
    assert not catalog.look_for_change(function.pk, source)
    assert rows.snapshot(function)["version"] == rows.VERSION


def test_an_uploaded_package_does_not_follow_the_storage(source: FolderSource, tmp_path: Path) -> None:
    package(tmp_path / "packages")
    function = rows.function(source_etag="old", package="some.zip")
    assert not catalog.look_for_change(function.pk, source)
    assert not catalog.change_is_due(function)


def test_a_function_that_was_deleted_meanwhile_is_no_error(source: FolderSource) -> None:
    assert not catalog.look_for_change(4711, source)


@pytest.mark.parametrize(
    ("interval", "since", "is_due"),
    [
        (60, RECENTLY, False),
        (60, timedelta(seconds=61), True),
        (0, RECENTLY, True),
        (0, timedelta(0), True),
        (-1, LONG_AGO, False),
    ],
)
def test_the_interval_says_when_a_look_is_due(
    settings: Settings, interval: int, since: timedelta, is_due: bool
) -> None:
    settings.WF_SOURCE_CHECK_SECONDS = interval
    function = rows.function(source_checked_at=timezone.now() - since)
    assert catalog.change_is_due(function) is is_due


def test_one_caller_in_an_interval_looks(settings: Settings) -> None:
    settings.WF_SOURCE_CHECK_SECONDS = 60
    function = rows.function()
    assert [catalog.change_is_due(function) for _ in range(3)] == [True, False, False]


def test_with_zero_every_call_looks(settings: Settings) -> None:
    settings.WF_SOURCE_CHECK_SECONDS = 0
    function = rows.function()
    assert [catalog.change_is_due(function) for _ in range(3)] == [True, True, True]
