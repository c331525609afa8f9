"""Many first calls at once: one build, and the same answer for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.build import images
from functions.build.images import Ready
from functions.errors import BuildFailed
from functions.models import Function, Image
from functions.upkeep import eviction
from tests.functions.build.packages import package
from tests.functions.models import rows
from tests.races.windows import at_once, overtaken

if TYPE_CHECKING:
    from pathlib import Path

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled")

CALLERS = 50


def ensure_at_once(platform: Platform) -> list[Any]:
    """Each caller has read the function by himself, and none has written before all were about to."""

    def call() -> Ready:
        return images.ensure(Function.objects.get(), platform)

    return at_once([call] * CALLERS)


@pytest.mark.parametrize("has_row", [True, False])
def test_fifty_first_calls_are_one_build(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path, has_row: bool
) -> None:
    package(source_folder)
    function = rows.function(version="")
    if has_row:
        rows.image(of=function)
    found = ensure_at_once(platform)
    assert [ready for ready in found if not isinstance(ready, Ready)] == []
    assert {ready.image.image_id for ready in found} == {Image.objects.get().image_id}
    assert fake_engine.history.count("build") == 1


def test_fifty_first_calls_whose_build_fails_hear_the_same_reason(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)
    rows.function(version="")
    fake_engine.said = [{"stream": "pip says no\n"}, {"error": "returned 1"}]
    found = ensure_at_once(platform)
    assert {type(error) for error in found} == {BuildFailed}
    assert len({error.message for error in found}) == 1
    assert "pip says no" in found[0].message
    assert fake_engine.history.count("build") == 1


def test_a_call_whose_image_is_outdated_under_its_pin_is_served_and_the_next_one_builds(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)
    image = rows.image()
    images.ensure(image.function, platform)
    function = Function.objects.get()
    ready, _ = overtaken(
        lambda: images.ensure(function, platform), lambda: images.request(Function.objects.get(), "test-node", now=True)
    )
    assert isinstance(ready, Ready)
    assert images.ensure(Function.objects.get(), platform).image.is_current


def test_an_image_that_is_discarded_under_a_call_is_built_again(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)
    image = rows.image()
    images.ensure(image.function, platform)
    function = Function.objects.get()
    held: list[Image] = [Image.objects.get()]
    evicted, ready = overtaken(
        lambda: eviction.discard(held[0], platform), lambda: images.ensure(function, platform).image.image_id
    )
    assert ready in {image.image_id for image in held}
    assert evicted is None  # the call has pinned it, but has no container yet
    assert fake_engine.built == {}
    again = images.ensure(Function.objects.get(), platform)
    assert again.built
    assert again.image.image_id in fake_engine.built
