"""Evictions with a fake engine: what goes first, what goes with it, and what keeps an image."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from functions import tasks
from functions.engine import labels
from functions.errors import EngineUnavailable
from functions.models import Configuration, Image, PoolEntry
from functions.models.execution import ExecutionState
from functions.models.image import ImageState
from functions.pool import long_lived, prewarmed
from functions.pool.options import resolve
from functions.upkeep import eviction, reaper
from tests.functions.models import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import Settings

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

    Make = Callable[..., Image]

pytestmark = pytest.mark.usefixtures("settled")

NOW = timezone.now()


def used(seconds_ago: float) -> dict[str, Any]:
    return {"last_used_at": NOW - timedelta(seconds=seconds_ago), "code_size": 10}


def limited(platform: Platform, limit: int) -> None:
    row = Configuration.objects.of(platform.node)
    assert Configuration.objects.change(row, user_code_size_limit=limit)


def states() -> dict[str, str]:
    return {image.function.name: image.state for image in Image.objects.select_related("function")}


def test_the_least_recently_used_image_goes_and_the_next_call_can_build_it_again(
    platform: Platform, fake_engine: FakeEngine, ready: Make
) -> None:
    old, _young = ready("Old", **used(9)), ready("Young", **used(1))
    limited(platform, 10)
    reaper.sweep(platform)
    assert states() == {"Old": "ABSENT", "Young": "READY"}
    assert list(fake_engine.built) == ["sha256:Young"]
    assert Image.objects.enqueue(old.pk, rows.VERSION)


def test_the_policy_is_the_one_of_the_settings(platform: Platform, ready: Make, settings: Settings) -> None:
    settings.WF_CACHE_POLICY = "greedy-dual"
    ready("Old", **used(9), build_started_at=NOW, built_at=NOW + timedelta(seconds=60))
    ready("Young", **used(1))
    limited(platform, 10)
    reaper.sweep(platform)
    assert states() == {"Old": "READY", "Young": "ABSENT"}


def test_without_a_limit_only_doomed_images_go(platform: Platform, ready: Make) -> None:
    ready("Stays", **used(9))
    ready("Doomed", **used(1), is_doomed=True)
    tasks.evict()
    assert states() == {"Stays": "READY", "Doomed": "ABSENT"}


@pytest.mark.parametrize("is_doomed", [False, True])
def test_the_image_of_an_open_call_stays_until_the_call_has_ended(
    platform: Platform, ready: Make, is_doomed: bool
) -> None:
    image = ready("Busy", **used(9), is_doomed=is_doomed)
    call = rows.execution(ExecutionState.RUNNING, function=image.function)
    limited(platform, 5)
    tasks.evict()
    assert states() == {"Busy": "READY"}
    call.delete()
    tasks.evict()
    assert states() == {"Busy": "ABSENT"}


def test_an_image_from_which_somebody_has_started_a_container_by_hand_stays(
    platform: Platform, fake_engine: FakeEngine, ready: Make
) -> None:
    ready("Taken", **used(9))
    ready("Free", **used(1))
    label = labels.image(platform.instance, platform.node, "Taken", "v")
    fake_engine.create("by-hand", {"Image": "sha256:Taken", "Labels": label, "HostConfig": {"Binds": []}})
    limited(platform, 10)
    reaper.sweep(platform)
    assert states() == {"Taken": "READY", "Free": "ABSENT"}
    assert len(fake_engine.made) == 1


def test_kept_containers_of_a_victim_go_first(platform: Platform, fake_engine: FakeEngine, ready: Make) -> None:
    image = ready("Kept", **used(9))
    options = resolve(image.function, image, rest_mode=False)
    entry = prewarmed.begin(image, options)
    assert entry
    prewarmed.start(entry, image, options, platform)
    reached = long_lived.reach(image, resolve(image.function, image, rest_mode=True), 10, platform)
    reached.channel.close()
    limited(platform, 5)
    tasks.evict()
    assert states() == {"Kept": "ABSENT"}
    assert not PoolEntry.objects.exists()
    assert fake_engine.made == {}
    assert fake_engine.built == {}


def test_an_image_that_the_engine_cannot_remove_now_is_an_orphan_of_the_next_sweep(
    platform: Platform, fake_engine: FakeEngine, ready: Make
) -> None:
    ready("Stuck", **used(9))
    limited(platform, 5)
    fake_engine.failing["remove_image"] = [EngineUnavailable(), EngineUnavailable()]
    reaper.sweep(platform)
    assert states() == {"Stuck": "ABSENT"}
    assert list(fake_engine.built) == ["sha256:Stuck"]
    reaper.sweep(platform)
    assert fake_engine.built == {}


def test_nothing_is_listed_when_there_is_nothing_to_evict(
    platform: Platform, fake_engine: FakeEngine, ready: Make
) -> None:
    ready("Fits", **used(1))
    limited(platform, 10)
    eviction.evict_now(platform)
    assert fake_engine.history == []


def test_layers_stay_while_something_is_built(platform: Platform, fake_engine: FakeEngine) -> None:
    layer = labels.build_layer(platform.instance)
    fake_engine.built["sha256:layer"] = {"Id": "sha256:layer", "Labels": layer}
    build = rows.image(ImageState.BUILDING)
    reaper.sweep(platform)
    assert list(fake_engine.built) == ["sha256:layer"]
    build.delete()
    reaper.sweep(platform)
    assert fake_engine.built == {}


def test_a_row_whose_image_somebody_has_removed_is_ready_no_more(
    platform: Platform, fake_engine: FakeEngine, ready: Make
) -> None:
    ready("Removed", **used(1))
    ready("There", **used(1))
    del fake_engine.built["sha256:Removed"]
    reaper.sweep(platform)
    assert states() == {"Removed": "ABSENT", "There": "READY"}


def test_an_image_of_a_runtime_that_is_gone_does_not_keep_the_pool_from_others(
    platform: Platform, fake_engine: FakeEngine, ready: Make
) -> None:
    ready("Lost", **used(1), runtime="cobol")
    ready("Known", **used(9))
    row = Configuration.objects.of(platform.node)
    assert Configuration.objects.change(row, container_pool_limit=2, container_pool_num=1)
    reaper.sweep(platform)
    assert [made["Name"].partition("__")[0] for made in fake_engine.made.values()] == ["hf_known"]


def test_an_eviction_whose_process_died_is_over_at_once(platform: Platform, fake_engine: FakeEngine) -> None:
    fake_engine.built["sha256:half"] = {
        "Id": "sha256:half",
        "Labels": labels.image(platform.instance, platform.node, "W1", "v"),
    }
    image = rows.image(ImageState.READY, image_id="sha256:half", last_used_at=NOW)
    assert Image.objects.evict(image)
    reaper.sweep(platform)
    assert states() == {"W1": "EVICTING"}
    assert list(fake_engine.built) == ["sha256:half"]
    Image.objects.update(owner="killed")
    reaper.sweep(platform)
    assert states() == {"W1": "ABSENT"}
    assert fake_engine.built == {}
