"""Functions that many callers want at once: registered once, looked at once, never settled in an old version."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from functions.build import catalog
from functions.models import Function, PoolEntry
from functions.models.pool_entry import PoolKind, PoolState
from tests.functions.build.packages import package
from tests.functions.models import rows
from tests.races import processes
from tests.races.windows import at_once, overtaken

if TYPE_CHECKING:
    from pathlib import Path

    from functions.build.platform import Platform

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE, PROCESSES = 20, 4


def test_an_unknown_function_is_registered_once_by_twenty_callers(platform: Platform, source_folder: Path) -> None:
    package(source_folder, "Hello")
    found = at_once([lambda: catalog.find("Hello", platform.source).pk] * PEOPLE)
    assert len(set(found)) == 1
    assert Function.objects.count() == 1


def test_two_spellings_of_a_name_are_one_function(platform: Platform, source_folder: Path) -> None:
    for name in ("Hello", "HELLO"):
        package(source_folder, name)
    names = ["Hello", "HELLO"] * 5
    found = at_once([lambda name=name: catalog.find(name, platform.source).pk for name in names])
    assert len(set(found)) == 1
    assert Function.objects.count() == 1


def test_processes_register_it_once_as_well(platform: Platform, source_folder: Path) -> None:
    package(source_folder, "Hello")
    find = "__import__('functions.build.catalog').build.catalog.find('Hello', {}).pk".format(
        "__import__('functions.build.platform').build.platform.platform().source"
    )
    found = processes.at_once([find] * PROCESSES)
    assert set(found) == {Function.objects.get().pk}


def test_one_of_twenty_looks_for_a_change() -> None:
    function = rows.function()
    looks = at_once([lambda: Function.objects.begin_source_check(function.pk, 60)] * PEOPLE)
    assert looks.count(True) == 1


def test_one_of_several_processes_looks_for_a_change() -> None:
    function = rows.function()
    looks = processes.at_once([f"Function.objects.begin_source_check({function.pk}, 60)"] * PROCESSES)
    assert looks.count(True) == 1


@pytest.mark.parametrize("version", ["", rows.VERSION])
def test_a_function_that_is_outdated_while_it_is_settled_stays_outdated(version: str) -> None:
    function = rows.function(version=version)
    settled, outdated = overtaken(
        lambda: Function.objects.settle(function, "v2"), lambda: Function.objects.outdate(function.pk)
    )
    assert (settled, outdated) == (False, True)
    assert rows.snapshot(function)["version"] == ""


def idle(name: str) -> PoolEntry:
    now = timezone.now()
    kept = {"node": "n", "kind": PoolKind.NETWORK, "state": PoolState.IDLE, "container_name": name}
    return PoolEntry.objects.create(last_used_at=now, expires_at=now + timedelta(hours=1), **kept)


def claim() -> PoolEntry | None:
    now = timezone.now()
    return PoolEntry.objects.claim("n", PoolKind.NETWORK, "me", lasting=now, lease=now + timedelta(minutes=1))


def test_a_kept_container_goes_to_one_call() -> None:
    for number in range(PEOPLE):
        idle(f"h{number}")
    claimed = at_once([claim] * PEOPLE)
    assert {entry.pk for entry in claimed} == {entry.pk for entry in PoolEntry.objects.all()}
    assert claim() is None


def test_a_kept_container_that_is_claimed_under_its_removal_stays() -> None:
    entry = idle("h")
    removing, claimed = overtaken(lambda: PoolEntry.objects.begin_removal(entry), claim)
    assert (removing, claimed) == (False, entry)
