"""The pool of pre-warmed containers: filled to its number, within its memory. On a fake engine."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from functions import dispatch
from functions.errors import EngineUnavailable
from functions.models import Function, PoolEntry
from functions.models.image import ImageState
from functions.models.pool_entry import STARTS_AT_ONCE, PoolState
from functions.pool import kept, prewarmed
from functions.pool.options import resolve
from functions.upkeep import filler
from tests.functions.fake_agent import HELLO
from tests.functions.models import rows
from tests.functions.upkeep.pools import configure, idle, used
from tests.races.windows import at_once

if TYPE_CHECKING:
    from pytest_django import Settings

    from functions.build.platform import Platform
    from functions.engine.channel import Channel
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("own_pool")

MIB = 1 << 20


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
