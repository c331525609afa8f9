"""Where calls go is remembered between calls, and never longer than it holds."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from functions import generation
from functions.errors import FunctionNotFound
from functions.invoke import routes
from functions.models import Configuration, Function, Image, PoolEntry
from functions.models.image import ImageState
from functions.models.pool_entry import PoolKind
from functions.pool import kept, long_lived
from functions.pool.options import resolve
from tests.functions.models import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import DjangoAssertNumQueries

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def image(platform: Platform, fake_engine: FakeEngine) -> Iterator[Image]:
    """READY, with a long-lived container that serves."""
    Configuration.objects.of(platform.node)
    image = rows.image(ImageState.READY, rows.function(isolation="process"))
    fake_engine.built[image.image_id] = {}
    options = resolve(image.function, image, rest_mode=False)
    with closing(long_lived.reach(image, options, 10, platform).channel):
        pass
    yield image
    for entry in PoolEntry.objects.all():
        kept.finish(entry, platform)


def test_a_remembered_route_asks_the_database_nothing(
    image: Image, platform: Platform, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = routes.find("W1", platform)
    assert first.warm
    assert first.warm.entry == PoolEntry.objects.get(kind=PoolKind.LONG_LIVED)
    with django_assert_num_queries(0):
        assert routes.find("W1", platform) is first


def test_a_change_is_seen_by_the_next_call(image: Image, platform: Platform) -> None:
    routes.find("W1", platform)
    function = Function.objects.get()
    function.timeout = 7
    function.save()
    found = routes.find("W1", platform)
    assert found.function.timeout == 7
    assert found.warm
    assert found.warm.options.timeout_s == 7
    Configuration.objects.change(found.configuration, rest_container_life_time=99)
    assert routes.find("W1", platform).configuration.rest_container_life_time == 99


@pytest.mark.parametrize(
    "fields", [{"isolation": "container"}, {"memory": 32 << 20}, {"version": ""}, {"version": "wanted now"}]
)
def test_a_container_that_no_longer_fits_is_not_warm(
    image: Image, platform: Platform, fields: dict[str, object]
) -> None:
    assert routes.find("W1", platform).warm
    Function.objects.update(**fields)
    assert routes.find("W1", platform).warm is None


@pytest.mark.parametrize("fields", [{"state": ImageState.QUEUED}, {"recipe": "of another release"}])
def test_an_image_that_must_not_serve_is_not_warm(image: Image, platform: Platform, fields: dict[str, str]) -> None:
    assert routes.find("W1", platform).warm
    Image.objects.update(**fields)
    assert routes.find("W1", platform).warm is None


def test_a_container_on_its_way_out_is_not_warm(image: Image, platform: Platform) -> None:
    assert routes.find("W1", platform).warm
    PoolEntry.objects.begin_removal(PoolEntry.objects.get())
    assert routes.find("W1", platform).warm is None


def test_a_function_that_is_gone_or_disabled_is_not_remembered(image: Image, platform: Platform) -> None:
    routes.find("W1", platform)
    Function.objects.update(enabled=False)
    with pytest.raises(FunctionNotFound):
        routes.find("W1", platform)
    with pytest.raises(FunctionNotFound):
        routes.find("Nowhere", platform)


def test_without_a_mark_a_route_holds_for_a_second_at_most(image: Image, platform: Platform) -> None:
    route = routes.find("W1", platform)
    assert route.holds
    route.read_at = time.monotonic() - routes.AGE_LIMIT_S
    assert route.generation == generation.current()
    assert not route.holds
    assert routes.find("W1", platform) is not route


def test_a_warm_image_is_pinned_now_and_then_and_not_when_it_is_gone(
    image: Image, platform: Platform, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    warm = routes.find("W1", platform).warm
    assert warm
    assert warm.pin()
    assert rows.snapshot(image)["last_used_at"]
    with django_assert_num_queries(0):
        assert warm.pin()
    Image.objects.evict(Image.objects.get())
    warm.pinned = 0.0
    assert not warm.pin()
