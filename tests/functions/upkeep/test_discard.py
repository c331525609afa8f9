"""Removing an image: from the engine, then the row; never while it is built, and never half."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.errors import Conflict, EngineUnavailable, WorkerFrontError
from functions.models import Image, PoolEntry
from functions.models.execution import ExecutionState
from functions.models.image import ImageState
from functions.pool import prewarmed
from functions.pool.options import resolve
from functions.upkeep import eviction
from tests.functions.models import rows

if TYPE_CHECKING:
    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", [ImageState.READY, ImageState.FAILED, ImageState.ABSENT, ImageState.EVICTING])
def test_the_image_goes_and_then_its_row(platform: Platform, fake_engine: FakeEngine, state: ImageState) -> None:
    image = rows.image(state, image_id="sha256:aaa")
    fake_engine.built["sha256:aaa"] = {}
    eviction.discard(image, platform)
    assert fake_engine.built == {}
    assert not Image.objects.exists()


def test_a_row_without_an_image_asks_the_engine_nothing(platform: Platform, fake_engine: FakeEngine) -> None:
    eviction.discard(rows.image(), platform)
    assert fake_engine.history == []
    assert not Image.objects.exists()


def test_an_image_whose_function_runs_stays(platform: Platform, fake_engine: FakeEngine) -> None:
    image = rows.image(ImageState.READY)
    rows.execution(ExecutionState.RUNNING, function=image.function)
    with pytest.raises(Conflict, match="or a call uses it"):
        eviction.discard(image, platform)
    assert fake_engine.history == []


def test_containers_that_wait_for_its_calls_go_with_it(platform: Platform, fake_engine: FakeEngine) -> None:
    image = rows.image(ImageState.READY)
    fake_engine.built["sha256:aaa"] = {}
    options = resolve(image.function, image, rest_mode=False)
    entry = prewarmed.begin(image, options)
    assert entry
    assert prewarmed.start(entry, image, options, platform)
    eviction.discard(image, platform)
    assert (fake_engine.built, fake_engine.made) == ({}, {})
    assert not PoolEntry.objects.exists()


@pytest.mark.parametrize("state", [ImageState.QUEUED, ImageState.BUILDING])
def test_an_image_that_is_being_built_stays(platform: Platform, fake_engine: FakeEngine, state: ImageState) -> None:
    image = rows.image(state, image_id="sha256:aaa")
    before = rows.snapshot(image)
    with pytest.raises(Conflict, match="hf_w1 is being built"):
        eviction.discard(image, platform)
    assert rows.snapshot(image) == before
    assert fake_engine.history == []


@pytest.mark.parametrize("error", [Conflict("a container uses it"), EngineUnavailable()])
def test_an_image_that_the_engine_keeps_is_not_left_in_the_middle(
    platform: Platform, fake_engine: FakeEngine, error: WorkerFrontError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eviction, "LEAVING_LIMIT_S", 0)
    image = rows.image(ImageState.READY)
    fake_engine.failing["remove_image"] = [error]
    with pytest.raises(type(error)):
        eviction.discard(image, platform)
    seen = rows.snapshot(image)
    assert (seen["state"], seen["image_id"]) == (ImageState.ABSENT, "sha256:aaa")
    assert Image.objects.enqueue(image.pk, rows.VERSION)
