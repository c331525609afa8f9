"""Functions: names, the wanted version, and who may look at a package again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from functions.errors import InvalidName
from functions.models import Function
from functions.models.names import checked
from tests.functions.models import rows

GOOD = ["a", "W1", "Z_-9", "a" * 64]
BAD = ["", "1a", "_a", "-a", "a b", "a.b", "a/b", "../a", "a\n", "ä", "a" * 65, "a\x00", "\uff41"]


@pytest.mark.parametrize("name", GOOD)
def test_a_name_is_a_letter_and_more_of_the_kind(name: str) -> None:
    assert checked(name) == name
    Function(name=name).clean_fields()


@pytest.mark.parametrize("name", BAD)
def test_anything_else_is_no_name(name: str) -> None:
    with pytest.raises(InvalidName):
        checked(name)
    with pytest.raises(ValidationError):
        Function(name=name).clean_fields()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Hello", "hello", "HELLO"])
def test_names_are_unique_whatever_the_case(name: str) -> None:
    rows.function("Hello")
    with pytest.raises(ValidationError, match="This name is taken"):
        Function(name=name).full_clean()
    with pytest.raises(IntegrityError):
        Function.objects.create(name=name)


@pytest.mark.django_db
def test_a_function_is_found_whatever_the_case() -> None:
    function = rows.function("Hello_1")
    assert Function.objects.named("hELLO_1") == function
    assert Function.objects.named("Hello-1") is None
    assert Function.objects.named("HelloX1") is None  # an underscore is no wildcard


@pytest.mark.django_db
def test_an_outdated_function_has_no_wanted_version_until_it_is_settled() -> None:
    function, now = rows.function(), timezone.now()
    assert Function.objects.outdate(function.pk)
    function.refresh_from_db()
    assert function.version == ""
    assert Function.objects.fetched(function, "etag")
    seen = rows.snapshot(function)
    assert (seen["version"], seen["source_etag"]) == ("", "etag")
    assert seen["source_checked_at"] >= now
    assert Function.objects.settle(function, "v2")
    seen = rows.snapshot(function)
    assert (seen["version"], seen["source_etag"]) == ("v2", "etag")
    assert not Function.objects.outdate(4711)
    assert not Function.objects.settle(Function(pk=4711), "v2")


@pytest.mark.django_db
@pytest.mark.parametrize("version", [rows.VERSION, ""])
@pytest.mark.parametrize("when", ["before it was fetched", "after it was fetched"])
def test_a_package_that_was_read_before_the_function_was_outdated_does_not_settle_it(version: str, when: str) -> None:
    function = rows.function(version=version)
    if when == "after it was fetched":
        assert Function.objects.fetched(function, "etag")
    assert Function.objects.outdate(function.pk)
    assert not Function.objects.fetched(function, "etag")
    assert not Function.objects.settle(function, "v2")
    seen = rows.snapshot(function)
    assert seen["version"] == ""
    assert seen["source_etag"] != "etag"


@pytest.mark.django_db
def test_a_package_that_was_replaced_by_an_upload_meanwhile_does_not_settle_the_function() -> None:
    function = rows.function()
    Function.objects.filter(pk=function.pk).update(package="new.zip")
    assert not Function.objects.settle(function, "v2")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ago_s", "interval_s", "is_due"),
    [(None, 60, True), (59, 60, False), (61, 60, True), (0, 0, True), (5, 0, True), (0, 60, False), (-90, 60, True)],
)
def test_a_package_is_looked_at_once_in_an_interval(ago_s: int | None, interval_s: int, is_due: bool) -> None:
    checked_at = None if ago_s is None else timezone.now() - timedelta(seconds=ago_s)
    function, other = rows.function(source_checked_at=checked_at), rows.function("Other")
    assert Function.objects.begin_source_check(function.pk, interval_s) is is_due
    assert rows.snapshot(other)["source_checked_at"] is None
    if interval_s:
        assert not Function.objects.begin_source_check(function.pk, interval_s)


def test_an_uploaded_file_gets_a_name_of_our_own() -> None:
    make = Function._meta.get_field("package").upload_to
    names = {make(Function(name="W1"), "../../etc/passwd") for _ in range(2)}
    assert len(names) == 2
    assert all(name.endswith(".zip") and name[:-4].isalnum() for name in names)
