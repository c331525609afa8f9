"""The pool of pre-warmed containers: filled to its number, within its memory, and thinned out. On a fake engine."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from functions import dispatch
from functions.errors import EngineUnavailable
from functions.models import Configuration, Function, Image, PoolEntry
from functions.models.image import ImageState
from functions.models.pool_entry import STARTS_AT_ONCE, PoolState
from functions.pool import kept, prewarmed
from functions.pool.options import resolve
from functions.upkeep import filler
from tests.functions.fake_agent import HELLO
from tests.functions.models import rows
from tests.races.windows import at_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import Settings

    from functions.build.platform import Platform
    from functions.engine.channel import Channel
    from tests.functions.fake_engine import FakeEngine

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _own_pool(settled: None, platform: Platform) -> Iterator[None]:
    """No failure of another test is remembered, and nothing is left to the next."""
    cache.clear()
    cache.set("sweep", True, 3600)
    yield
    for entry in PoolEntry.objects.all():
        kept.finish(entry, platform)


def configure(functions: int, containers: int, **values: Any) -> None:
    seen = Configuration.objects.of("test-node")
    assert Configuration.objects.change(seen, container_pool_limit=functions, container_pool_num=containers, **values)


def used(engine: FakeEngine, name: str, minutes_ago: int, **fields: Any) -> Image:
    """A READY image of a function, last used so many minutes ago."""
    last_used_at = timezone.now() - timedelta(minutes=minutes_ago)
    known = {"image_id": f"sha256:{name}", "last_used_at": last_used_at, **fields}
    engine.built[known["image_id"]] = {}
    return rows.image(ImageState.READY, rows.function(name), **known)


def idle() -> dict[str, int]:
    """How many containers each function keeps."""
    found: dict[str, int] = {}
    for entry in PoolEntry.objects.filter(state=PoolState.IDLE).select_related("image__function"):
        assert entry.image
        found[entry.image.function.name] = found.get(entry.image.function.name, 0) + 1
    return found


def starts(engine: FakeEngine) -> int:
    return engine.history.count("create")


# --- filling ---


def test_the_latest_functions_get_their_number_and_no_more(platform: Platform, fake_engine: FakeEngine) -> None:
    configure(2, 3)
    for minutes, name in enumerate(["A", "B", "C"], start=1):
        used(fake_engine, name, minutes)
    for _ in range(2):
        filler.fill(platform)
        assert idle() == {"A": 3, "B": 3}
    assert starts(fake_engine) == 6


def test_what_was_claimed_is_made_up_for(platform: Platform, fake_engine: FakeEngine) -> None:
    configure(1, 2)
    image = used(fake_engine, "A", 1)
    filler.fill(platform)
    assert prewarmed.claim(image, resolve(image.function, image, rest_mode=False), platform)
    filler.fill(platform)
    assert idle() == {"A": 2}
    assert PoolEntry.objects.filter(state=PoolState.CLAIMED).count() == 1


@pytest.mark.parametrize("functions", [-1, 0])
def test_without_a_pool_nothing_is_started(platform: Platform, fake_engine: FakeEngine, functions: int) -> None:
    configure(functions, 3)
    used(fake_engine, "A", 1)
    filler.fill(platform)
    assert starts(fake_engine) == 0


def test_the_pool_stays_within_its_memory(platform: Platform, fake_engine: FakeEngine, settings: Settings) -> None:
    settings.WF_POOL_MEMORY = 300 * MIB
    configure(3, 2)
    for minutes, (name, memory) in enumerate({"A": 128 * MIB, "B": 64 * MIB, "C": 32 * MIB}.items(), start=1):
        used(fake_engine, name, minutes, config={"handler": "main.run", "memory": memory})
    filler.fill(platform)
    assert idle() == {"A": 2, "C": 1}


def test_a_function_that_takes_the_pool_over_waits_for_the_memory_of_the_last(
    platform: Platform, fake_engine: FakeEngine
) -> None:
    configure(1, 2)
    used(fake_engine, "A", 2)
    filler.fill(platform)
    present: list[int] = []

    def agent(channel: Channel) -> None:
        present.append(PoolEntry.objects.exclude(state=PoolState.REMOVING).count())
        HELLO(channel)

    fake_engine.agent = agent
    used(fake_engine, "B", 1)
    filler.fill(platform)
    assert idle() == {"B": 2}
    assert max(present) <= 2


@pytest.mark.parametrize(
    "fields",
    [
        {"last_used_at": None},
        {"version": "the last one"},
        {"is_doomed": True},
        {"node": "another-node"},
        {"config": {"handler": "main.run", "isolation": "process"}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_what_the_next_call_would_not_use_keeps_no_container(
    platform: Platform, fake_engine: FakeEngine, fields: dict[str, Any]
) -> None:
    configure(6, 1)
    used(fake_engine, "A", 1, **fields)
    used(fake_engine, "B", 2)
    filler.fill(platform)
    assert idle() == {"B": 1}


def test_a_disabled_function_and_one_that_is_not_built_keep_none(platform: Platform, fake_engine: FakeEngine) -> None:
    configure(6, 1)
    used(fake_engine, "A", 1)
    Function.objects.update(enabled=False)
    rows.image(ImageState.QUEUED, rows.function("B"), last_used_at=timezone.now())
    filler.fill(platform)
    assert starts(fake_engine) == 0


def test_in_rest_mode_only_functions_that_chose_containers_keep_some(
    platform: Platform, fake_engine: FakeEngine
) -> None:
    configure(6, 1, using_rest_mode=True)
    used(fake_engine, "A", 1)
    used(fake_engine, "B", 2, config={"handler": "main.run", "isolation": "container"})
    filler.fill(platform)
    assert idle() == {"B": 1}


def test_nothing_is_started_while_two_are_starting(platform: Platform, fake_engine: FakeEngine) -> None:
    configure(1, 6)
    image = used(fake_engine, "A", 1)
    options = resolve(image.function, image, rest_mode=False)
    entries = [prewarmed.begin(image, options) for _ in range(STARTS_AT_ONCE)]
    filler.fill(platform)
    assert starts(fake_engine) == 0
    assert entries[0]
    prewarmed.start(entries[0], image, options, platform)
    filler.fill(platform)
    assert idle() == {"A": 5}
    assert PoolEntry.objects.filter(state=PoolState.STARTING).count() == 1


def test_four_at_once_never_start_more_than_two_and_fill_it_up(platform: Platform, fake_engine: FakeEngine) -> None:
    configure(1, 6)
    used(fake_engine, "A", 1)
    starting: list[int] = []

    def agent(channel: Channel) -> None:
        starting.append(PoolEntry.objects.filter(state=PoolState.STARTING).count())
        HELLO(channel)

    fake_engine.agent = agent
    assert at_once([lambda: filler.fill(platform)] * 4) == [None] * 4
    assert max(starting) <= STARTS_AT_ONCE
    assert 6 <= idle()["A"] <= 7  # the last two may begin at the same moment; what is too much is thinned out
    filler.fill(platform)
    assert idle() == {"A": 6}


def test_a_turn_that_is_over_is_followed_by_another(
    platform: Platform, fake_engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(1, 2)
    used(fake_engine, "A", 1)
    asked: list[str] = []
    monkeypatch.setattr(dispatch, "enqueue", asked.append)
    filler.fill(platform)
    assert asked == []
    monkeypatch.setattr(filler, "TURN_S", 0)
    filler.fill(platform)
    assert asked == [dispatch.FILL_POOL]


# --- starts that fail ---


def test_a_function_whose_start_failed_waits_longer_each_time_and_keeps_nobody_else_waiting(
    platform: Platform, fake_engine: FakeEngine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(2, 2)
    broken = used(fake_engine, "Broken", 1)
    used(fake_engine, "Sound", 2)
    fake_engine.built.pop(broken.image_id)
    filler.fill(platform)
    assert idle() == {"Sound": 2}
    tried = starts(fake_engine)
    filler.fill(platform)
    assert starts(fake_engine) == tried  # it has to wait
    for _ in range(4):
        cache.delete(filler._back_off(broken.pk))  # the wait is over
        filler.fill(platform)
    waits = [record.args[1] for record in caplog.records if record.levelno == logging.WARNING and record.args]
    assert waits == [1, 5, 30, 120, 120]
    assert starts(fake_engine) == tried + 4
    assert PoolEntry.objects.exclude(state=PoolState.IDLE).count() == 0


def test_a_start_that_succeeds_ends_the_waiting(
    platform: Platform, fake_engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    configure(1, 1)
    image = used(fake_engine, "A", 1)
    for _ in range(2):
        fake_engine.failing["create"] = [EngineUnavailable()]
        filler.fill(platform)
        assert idle() == {}
        cache.delete(filler._back_off(image.pk))
        filler.fill(platform)
        assert idle() == {"A": 1}
        kept.discard(PoolEntry.objects.get(), platform)
    assert caplog.text.count("the next in 1 s") == 2


# --- thinning out ---


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
