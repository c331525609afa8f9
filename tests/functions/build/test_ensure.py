"""`ensure`: a ready image of the wanted version, or the reason why there is none. No cluster lives here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from functions.build import images
from functions.errors import BuildFailed, BuildTimeout, FunctionNotFound, SourceInvalid
from functions.models import Function
from functions.models.image import ImageState
from tests.functions.build.packages import PYTHON, package
from tests.functions.models import rows

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import DjangoAssertNumQueries, Settings

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled")

SOON = timedelta(seconds=100)  # within the longest back-off


def test_the_first_call_builds_and_the_second_does_not(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)
    function = rows.function(version="")
    first = images.ensure(function, platform)
    assert first.built
    second = images.ensure(Function.objects.get(), platform)
    assert not second.built
    assert second.image.pk == first.image.pk
    assert fake_engine.history.count("build") == 1


def test_a_ready_image_is_pinned_with_two_queries(
    platform: Platform, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    image = rows.image(ImageState.READY)
    with django_assert_num_queries(2):
        ready = images.ensure(image.function, platform)
    assert not ready.built
    assert rows.snapshot(image)["last_used_at"] is not None


def test_a_new_package_is_built_when_the_function_is_outdated(platform: Platform, source_folder: Path) -> None:
    package(source_folder)
    function = rows.function(version="")
    old = images.ensure(function, platform).image.version
    package(source_folder, files={**PYTHON, "more.txt": ""})
    assert images.ensure(Function.objects.get(), platform).image.version == old
    Function.objects.outdate(function.pk)
    ready = images.ensure(Function.objects.get(), platform)
    assert ready.built
    assert ready.image.version != old


def test_a_failed_build_is_told_with_its_code_and_the_log_s_tail(platform: Platform, fake_engine: FakeEngine) -> None:
    image = rows.image(
        ImageState.FAILED,
        retry_at=timezone.now() + SOON,
        error_code="build_failed",
        error="pip",
        log="x" * 5000 + "END",
    )
    with pytest.raises(BuildFailed, match="END") as raised:
        images.ensure(image.function, platform)
    assert raised.value.message.startswith("pip\n")
    assert len(raised.value.message) < 2100
    assert "build" not in fake_engine.history


def test_an_error_about_the_package_keeps_its_class_and_shows_no_log(platform: Platform) -> None:
    image = rows.image(
        ImageState.FAILED, retry_at=timezone.now() + SOON, error_code="source_invalid", error="no", log="log"
    )
    with pytest.raises(SourceInvalid, match=r"\Ano\Z"):
        images.ensure(image.function, platform)


def test_an_unknown_code_in_a_row_is_a_failed_build(platform: Platform) -> None:
    image = rows.image(ImageState.FAILED, retry_at=timezone.now() + SOON, error_code="of_the_future", error="no")
    with pytest.raises(BuildFailed):
        images.ensure(image.function, platform)


def test_after_the_back_off_it_is_built_again(platform: Platform, source_folder: Path) -> None:
    package(source_folder)
    image = rows.image(ImageState.FAILED, retry_at=timezone.now() - timedelta(seconds=1))
    assert images.ensure(image.function, platform).built


def test_a_mended_package_does_not_wait_for_the_back_off_of_the_broken_one(
    platform: Platform, source_folder: Path, settings: Settings
) -> None:
    settings.WF_SOURCE_CHECK_SECONDS = 0
    package(source_folder, files={"main.py": ""})
    function = rows.function(version="")
    with pytest.raises(SourceInvalid):
        images.ensure(function, platform)
    package(source_folder)
    assert images.ensure(Function.objects.get(), platform).built


def test_a_builder_that_died_is_followed_by_another(platform: Platform, source_folder: Path) -> None:
    package(source_folder)
    image = rows.image(ImageState.BUILDING, lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert images.ensure(image.function, platform).built
    assert rows.snapshot(image)["attempts"] == 0


def test_an_evictor_that_died_does_not_stop_calls(platform: Platform, source_folder: Path) -> None:
    package(source_folder)
    image = rows.image(ImageState.EVICTING, lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert images.ensure(image.function, platform).built


def test_nobody_waits_longer_than_the_build_limit(platform: Platform, settings: Settings) -> None:
    settings.WF_BUILD_TIMEOUT_SECONDS = 0.2
    image = rows.image(ImageState.BUILDING)
    with pytest.raises(BuildTimeout):
        images.ensure(image.function, platform)
    assert rows.snapshot(image)["state"] == ImageState.BUILDING


def test_a_function_that_is_deleted_while_it_is_built_is_not_found(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)
    fake_engine.before_build = lambda: Function.objects.all().delete() and None
    with pytest.raises(FunctionNotFound):
        images.ensure(rows.function(version=""), platform)


def test_asking_for_a_build_now_builds_what_is_ready_anew(platform: Platform, source_folder: Path) -> None:
    package(source_folder)
    image = rows.image(ImageState.READY)
    assert images.request(image.function, platform.node, now=True)
    assert images.ensure(Function.objects.get(), platform).image.version != rows.VERSION


def test_asking_for_a_build_now_ends_a_back_off(platform: Platform, source_folder: Path) -> None:
    package(source_folder)
    image = rows.image(ImageState.FAILED, retry_at=timezone.now() + SOON)
    assert not images.request(image.function, platform.node)
    assert images.request(image.function, platform.node, now=True)


@pytest.mark.parametrize("state", [ImageState.QUEUED, ImageState.BUILDING])
def test_what_is_being_built_is_not_asked_for_again(platform: Platform, state: ImageState) -> None:
    assert not images.request(rows.image(state).function, platform.node, now=True)


def test_a_call_takes_over_from_a_builder_that_died_and_leaves_those_of_other_nodes_alone(
    platform: Platform, source_folder: Path
) -> None:
    package(source_folder)
    dead = rows.image(ImageState.BUILDING, rows.function(version=""), owner="killed")
    elsewhere = rows.image(ImageState.BUILDING, dead.function, node="another-node", owner="of another node")
    assert images.ensure(dead.function, platform).built
    assert rows.snapshot(elsewhere)["state"] == ImageState.BUILDING
