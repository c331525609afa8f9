"""Pre-warmed containers that nobody shall keep any more go, and those of a call stay. On a fake engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.models import Function, Image, PoolEntry
from functions.pool import prewarmed
from functions.pool.options import resolve
from functions.upkeep import filler
from tests.functions.upkeep.pools import configure, idle, used

if TYPE_CHECKING:
    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("own_pool")


@pytest.fixture
def full(platform: Platform, fake_engine: FakeEngine) -> tuple[Image, Image]:
    """Two functions with two containers each; the first was used last."""
    configure(2, 2)
    images = used(fake_engine, "A", 1), used(fake_engine, "B", 2)
    filler.fill(platform)
    assert idle() == {"A": 2, "B": 2}
    return images


def thinned(platform: Platform) -> dict[str, int]:
    filler.thin_out(filler.Pool(platform), platform)
    return idle()


def test_what_is_wanted_stays(platform: Platform, full: tuple[Image, Image]) -> None:
    assert thinned(platform) == {"A": 2, "B": 2}


def test_a_function_that_falls_out_of_the_latest_loses_its_containers(
    platform: Platform, fake_engine: FakeEngine, full: tuple[Image, Image]
) -> None:
    used(fake_engine, "C", 0)
    assert thinned(platform) == {"A": 2}
    assert len(fake_engine.made) == 2


@pytest.mark.parametrize(
    ("functions", "containers", "left"),
    [(1, 2, {"A": 2}), (2, 1, {"A": 1, "B": 1}), (-1, 2, {})],
)
def test_a_smaller_pool_holds_at_once(
    platform: Platform, full: tuple[Image, Image], functions: int, containers: int, left: dict[str, int]
) -> None:
    oldest = [entry.pk for entry in PoolEntry.objects.order_by("pk")]
    configure(functions, containers)
    assert thinned(platform) == left
    kept_ones = {entry.pk for entry in PoolEntry.objects.all()}
    assert kept_ones <= set(oldest)


@pytest.mark.parametrize("changed", [{"environment": {"A": "1"}}, {"isolation": "process"}, {"enabled": False}])
def test_containers_of_options_that_no_longer_hold_go(
    platform: Platform, full: tuple[Image, Image], changed: dict[str, Any]
) -> None:
    Function.objects.filter(name="A").update(**changed)
    assert thinned(platform) == {"B": 2}


def test_containers_of_another_version_go(platform: Platform, full: tuple[Image, Image]) -> None:
    Image.objects.filter(pk=full[0].pk).update(image_id="sha256:new")
    assert thinned(platform) == {"B": 2}
    Function.objects.filter(name="B").update(version="wanted now")
    assert thinned(platform) == {}


def test_containers_of_a_function_that_was_deleted_go(
    platform: Platform, fake_engine: FakeEngine, full: tuple[Image, Image]
) -> None:
    Function.objects.filter(name="A").delete()
    assert thinned(platform) == {"B": 2}
    assert len(fake_engine.made) == 2


def test_a_container_that_serves_a_call_is_left_to_it(platform: Platform, full: tuple[Image, Image]) -> None:
    image = full[0]
    claimed = prewarmed.claim(image, resolve(image.function, image, rest_mode=False), platform)
    configure(-1, 2)
    assert thinned(platform) == {}
    assert PoolEntry.objects.get() == claimed
