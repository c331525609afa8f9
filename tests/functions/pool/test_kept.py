"""What kept containers have in common: a row before them, a row until after them, and a lifetime that can change."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from functions.engine.docker import NoSuchThing
from functions.errors import EngineUnavailable
from functions.models import PoolEntry
from functions.models.pool_entry import PoolState
from functions.pool import kept, long_lived
from functions.pool.options import resolve
from tests.functions.fake_agent import soon, takes_call
from tests.functions.fake_engine import FakeEngine, end_agents
from tests.worker import eventually

if TYPE_CHECKING:
    from functions.build.platform import Platform
    from functions.engine.channel import Channel
    from functions.models import Image

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def told(fake_engine: FakeEngine) -> list[dict[str, Any]]:
    """What the agents of this engine are told instead of a call."""
    frames: list[dict[str, Any]] = []

    def agent(channel: Channel) -> None:
        frame = takes_call(channel)
        frames.append(frame)

    fake_engine.agent = agent
    return frames


@pytest.fixture
def entry(image: Image, platform: Platform, told: list[dict[str, Any]]) -> PoolEntry:
    """A long-lived container that serves."""
    options = resolve(image.function, image, rest_mode=True)
    reached = long_lived.reach(image, options, 10, platform)
    reached.channel.close()
    return reached.entry


def test_an_agent_takes_a_new_lifetime_while_it_lives(
    entry: PoolEntry, platform: Platform, fake_engine: FakeEngine, told: list[dict[str, Any]]
) -> None:
    assert kept.tell_lifetime(entry, 5, platform)
    assert told == [{"type": "lifetime", "lifetime_s": 5}]
    end_agents(fake_engine)
    assert not kept.tell_lifetime(entry, 5, platform)
    assert PoolEntry.objects.get().state == PoolState.SERVING


def test_an_agent_that_does_not_listen_to_reason_is_not_waited_for_long(
    entry: PoolEntry, platform: Platform, fake_engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "TELL_LIMIT_S", 0.1)
    (agent,) = fake_engine._agents.values()
    agent._agent = lambda channel: [channel.receive(soon()) for _ in range(2)] and None
    assert not kept.tell_lifetime(entry, 5, platform)
    assert kept.drain(entry, platform)
    left = PoolEntry.objects.get()  # it may be at a call: until its lease is over it is not killed
    assert (left.state, bool(left.lease_expires_at)) == (PoolState.REMOVING, True)
    assert list(fake_engine.made) == [entry.container_id]
    assert not kept.drain(left, platform)
    assert list(fake_engine.made) == [entry.container_id]


def test_a_drained_container_ends_by_itself_and_keeps_its_row_until_then(
    entry: PoolEntry, platform: Platform, fake_engine: FakeEngine
) -> None:
    assert kept.drain(entry, platform)
    row = PoolEntry.objects.get()
    assert row.state == PoolState.REMOVING
    assert row.lease_expires_at
    assert row.lease_expires_at > timezone.now() + timedelta(minutes=15)
    eventually(lambda: not fake_engine.state(row.container_id).running)


def test_a_container_is_drained_by_one(entry: PoolEntry, platform: Platform) -> None:
    seen = PoolEntry.objects.get()
    assert kept.drain(entry, platform)
    assert not kept.drain(seen, platform)


def test_a_container_is_discarded_with_its_folder_and_its_row(
    entry: PoolEntry, platform: Platform, fake_engine: FakeEngine
) -> None:
    folder, seen = kept.folder_of(entry), PoolEntry.objects.get()
    assert folder
    assert folder.exists()
    kept.discard(entry, platform)
    assert not folder.exists()
    assert fake_engine.made == {}
    assert not PoolEntry.objects.exists()
    kept.discard(seen, platform)  # somebody else was at it
    assert fake_engine.history.count("remove") == 1


def test_a_container_that_the_engine_keeps_keeps_its_row(
    entry: PoolEntry, platform: Platform, fake_engine: FakeEngine
) -> None:
    fake_engine.failing["remove"] = [EngineUnavailable()]
    with pytest.raises(EngineUnavailable):
        kept.discard(entry, platform)
    assert PoolEntry.objects.get().state == PoolState.REMOVING
    kept.finish(PoolEntry.objects.get(), platform)
    assert not PoolEntry.objects.exists()


def test_one_that_never_got_an_id_is_removed_by_its_name(
    entry: PoolEntry, platform: Platform, fake_engine: FakeEngine
) -> None:
    container_id, entry.container_id = entry.container_id, ""
    kept.discard(entry, platform)
    with pytest.raises(NoSuchThing):
        fake_engine.state(container_id)
