"""Pre-warmed containers: loaded before the call, claimed once, and worth a wait when one is nearly there."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from functions import liveness
from functions.errors import EngineUnavailable
from functions.models import Image, PoolEntry
from functions.models.pool_entry import STARTS_AT_ONCE, PoolKind, PoolState
from functions.pool import kept, prewarmed
from functions.pool.options import Options, resolve
from tests.functions.fake_agent import HELLO

if TYPE_CHECKING:
    from functions.build.platform import Platform
    from functions.engine.channel import Channel
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled")

SECOND = timedelta(seconds=1)


def options(image: Image) -> Options:
    return resolve(image.function, image, rest_mode=False)


def begun(image: Image) -> PoolEntry:
    entry = prewarmed.begin(image, options(image))
    assert entry
    return entry


def ready(image: Image, platform: Platform) -> PoolEntry:
    entry = begun(image)
    assert prewarmed.start(entry, image, options(image), platform)
    return entry


def test_it_waits_with_its_handler_loaded_until_its_end(
    image: Image, platform: Platform, fake_engine: FakeEngine
) -> None:
    ready(image, platform)
    row, now = PoolEntry.objects.get(), timezone.now()
    assert (row.kind, row.state, row.owner, row.start_slot) == (PoolKind.PREWARMED, PoolState.IDLE, "", None)
    assert row.lease_expires_at is None
    assert row.expires_at
    assert now < row.expires_at <= now + prewarmed.LIFETIME
    (made,) = fake_engine.made.values()
    assert made["Name"] == row.container_name
    assert {"WF_MODE=container", "WF_LIFETIME=1800"} <= set(made["Env"])
    assert fake_engine.state(row.container_id).running


def test_one_call_claims_it_for_itself(image: Image, platform: Platform) -> None:
    entry = ready(image, platform)
    assert prewarmed.claim(image, options(image), platform) == entry
    row = PoolEntry.objects.get()
    assert (row.state, row.owner) == (PoolState.CLAIMED, liveness.me())
    assert row.lease_expires_at
    assert row.lease_expires_at > timezone.now() + options(image).timeout_s * SECOND
    assert prewarmed.claim(image, options(image), platform) is None


@pytest.mark.parametrize("changed", [{"environment": {"A": "1"}}, {"memory": 32 << 20}, {"handler": "other.run"}])
def test_one_of_other_options_is_not_claimed(image: Image, platform: Platform, changed: dict[str, object]) -> None:
    ready(image, platform)
    for name, value in changed.items():
        setattr(image.function, name, value)
    assert prewarmed.claim(image, options(image), platform) is None


def test_one_of_another_version_is_not_claimed(image: Image, platform: Platform) -> None:
    ready(image, platform)
    Image.objects.update(image_id="sha256:bbb", version="another")
    new = Image.objects.get()
    assert prewarmed.claim(new, options(new), platform) is None


def test_one_that_is_about_to_end_is_not_claimed(image: Image, platform: Platform) -> None:
    ready(image, platform)
    PoolEntry.objects.update(expires_at=timezone.now() + prewarmed.MARGIN - SECOND)
    assert prewarmed.claim(image, options(image), platform) is None


def test_no_more_than_two_start_at_once(image: Image, platform: Platform) -> None:
    first, _ = (begun(image) for _ in range(STARTS_AT_ONCE))
    assert prewarmed.begin(image, options(image)) is None
    prewarmed.start(first, image, options(image), platform)
    assert prewarmed.begin(image, options(image))


@pytest.mark.parametrize("step", ["create", "start"])
def test_a_start_that_fails_leaves_nothing_behind(
    image: Image, platform: Platform, fake_engine: FakeEngine, step: str
) -> None:
    fake_engine.failing[step] = [EngineUnavailable()]
    with pytest.raises(EngineUnavailable):
        prewarmed.start(begun(image), image, options(image), platform)
    assert not PoolEntry.objects.exists()
    assert fake_engine.made == {}


def test_one_that_is_no_longer_wanted_when_it_is_ready_goes(
    image: Image, platform: Platform, fake_engine: FakeEngine
) -> None:
    def agent(channel: Channel) -> None:
        assert PoolEntry.objects.begin_removal(PoolEntry.objects.get())  # the pool is cleared while it starts
        HELLO(channel)

    fake_engine.agent = agent
    assert not prewarmed.start(begun(image), image, options(image), platform)
    assert not PoolEntry.objects.exists()
    assert fake_engine.made == {}


@pytest.mark.parametrize(
    ("age_s", "start_s", "wait_s"),
    [
        (0, 9, 0),  # a fresh container takes 3 s
        (5.9, 9, 0),
        (6, 9, 3),  # it is there in 3 s
        (8, 9, 3),
        (9, 9, 3),
        (9.1, 9, 0),  # overdue: who knows
        (0, 0, 0),
    ],
)
def test_one_that_is_nearly_there_is_worth_the_wait_of_a_fresh_one(age_s: float, start_s: float, wait_s: float) -> None:
    assert prewarmed.wait_for(age_s, start_s) == pytest.approx(wait_s)


def started_ago(entry: PoolEntry, seconds: float) -> None:
    PoolEntry.objects.filter(pk=entry.pk).update(created_at=timezone.now() - seconds * SECOND)


def nearly_there(image: Image) -> PoolEntry:
    """The last one took about nine seconds until it was ready; the next one began eight seconds ago."""
    last, entry = begun(image), begun(image)
    assert PoolEntry.objects.started(last, expires_at=timezone.now())  # nobody claims it any more
    started_ago(last, 9)
    started_ago(entry, 8)
    return entry


def test_a_call_waits_for_one_that_is_nearly_there(
    image: Image, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = nearly_there(image)

    def meanwhile(_seconds: float) -> None:
        PoolEntry.objects.started(entry, expires_at=timezone.now() + prewarmed.LIFETIME)

    monkeypatch.setattr(time, "sleep", meanwhile)
    assert prewarmed.claim_soon(image, options(image), platform) == entry


def test_a_call_does_not_wait_when_none_is_nearly_there(
    image: Image, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", None)  # a wait would fail
    assert prewarmed.claim_soon(image, options(image), platform) is None
    started_ago(nearly_there(image), 1)
    assert prewarmed.claim_soon(image, options(image), platform) is None


def test_one_that_is_drained_is_gone(image: Image, platform: Platform, fake_engine: FakeEngine) -> None:
    entry = ready(image, platform)
    assert kept.drain(entry, platform)
    assert not PoolEntry.objects.exists()
    assert fake_engine.made == {}
