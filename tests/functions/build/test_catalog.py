"""Which functions there are: rows first, then the storage, which registers an unknown one once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.build import catalog
from functions.errors import FunctionNotFound, StorageUnavailable
from functions.models import Function
from tests.functions.build.packages import package
from tests.functions.models import rows

if TYPE_CHECKING:
    from pathlib import Path

    from functions.sources.folder import FolderSource

pytestmark = pytest.mark.django_db


class NoStorage:
    """A Source that must not be asked."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"the storage was asked: {name}")


class BrokenStorage:
    """A Source whose storage does not answer."""

    def stat(self, name: str) -> None:
        raise StorageUnavailable


def test_a_registered_function_is_found_without_the_storage() -> None:
    function = rows.function("Known")
    assert catalog.find("Known", NoStorage()) == function
    assert catalog.find("kNOWN", NoStorage()) == function


def test_an_unknown_function_in_the_storage_is_registered_once(source: FolderSource, tmp_path: Path) -> None:
    package(tmp_path / "packages", "Fresh")
    found = catalog.find("Fresh", source)
    assert found.version == ""
    assert found.source_checked_at is not None
    assert catalog.find("Fresh", source) == found
    assert catalog.find("fresh", source) == found
    assert Function.objects.count() == 1


def test_a_function_that_is_nowhere_is_not_found_and_not_registered(source: FolderSource) -> None:
    with pytest.raises(FunctionNotFound, match="'Nowhere'"):
        catalog.find("Nowhere", source)
    assert not Function.objects.exists()


def test_a_disabled_function_is_not_found_even_if_it_lies_in_the_storage(source: FolderSource, tmp_path: Path) -> None:
    package(tmp_path / "packages", "Off")
    rows.function("Off", enabled=False)
    with pytest.raises(FunctionNotFound, match="disabled"):
        catalog.find("Off", source)


def test_a_storage_that_fails_is_not_taken_for_an_empty_one() -> None:
    with pytest.raises(StorageUnavailable):
        catalog.find("Any", BrokenStorage())
    assert not Function.objects.exists()
