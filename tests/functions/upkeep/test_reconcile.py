"""A worker that starts: it goes on with the containers that run and answer, and removes the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from functions.engine import labels
from functions.models import Image, PoolEntry
from functions.models.execution import ExecutionState
from functions.models.pool_entry import PoolKind, PoolState
from functions.pool import kept, long_lived, network, prewarmed
from functions.pool.options import resolve
from functions.upkeep import reconcile
from tests.functions.fake_engine import end_agents, soon
from tests.functions.models import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def kept_ones(platform: Platform, ready: Callable[..., Image]) -> dict[PoolKind, PoolEntry]:
    """One of each kind, waiting for calls."""
    image = ready(last_used_at=timezone.now())
    options = resolve(image.function, image, rest_mode=False)
    entry = prewarmed.begin(image, options)
    assert entry
    prewarmed.start(entry, image, options, platform)
    long_lived.reach(image, resolve(image.function, image, rest_mode=True), 10, platform).channel.close()
    network.refill(platform, "some image")
    return {PoolKind(entry.kind): entry for entry in PoolEntry.objects.all()}


def test_what_runs_and_answers_is_gone_on_with(
    platform: Platform, fake_engine: FakeEngine, kept_ones: dict[PoolKind, PoolEntry]
) -> None:
    PoolEntry.objects.filter(kind=PoolKind.LONG_LIVED).update(lifetime_s=5)
    for _ in range(2):  # a question leaves a pre-warmed container as it was
        reconcile.at_start(platform)
    assert {entry.pk for entry in PoolEntry.objects.all()} == {entry.pk for entry in kept_ones.values()}
    assert len(fake_engine.made) == 3
    assert PoolEntry.objects.get(kind=PoolKind.LONG_LIVED).lifetime_s == 10


def test_agents_that_have_ended_and_containers_that_have_gone_are_removed(
    platform: Platform, fake_engine: FakeEngine, kept_ones: dict[PoolKind, PoolEntry]
) -> None:
    end_agents(fake_engine)
    fake_engine.remove(kept_ones[PoolKind.NETWORK].container_id)
    reconcile.at_start(platform)
    assert not PoolEntry.objects.exists()
    assert fake_engine.made == {}


def test_an_agent_that_does_not_answer_is_not_waited_for_long(
    platform: Platform,
    fake_engine: FakeEngine,
    kept_ones: dict[PoolKind, PoolEntry],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept, "TELL_LIMIT_S", 0.1)
    monkeypatch.setattr(prewarmed, "READY_LIMIT_S", 0.1)
    for agent in fake_engine._agents.values():
        agent._agent = lambda channel: [channel.receive(soon()) for _ in range(2)] and None
    reconcile.at_start(platform)
    assert [entry.pk for entry in PoolEntry.objects.all()] == [kept_ones[PoolKind.NETWORK].pk]


def test_what_was_in_progress_or_at_its_end_goes(
    platform: Platform, fake_engine: FakeEngine, kept_ones: dict[PoolKind, PoolEntry]
) -> None:
    PoolEntry.objects.filter(kind=PoolKind.NETWORK).update(state=PoolState.CLAIMED)
    PoolEntry.objects.filter(kind=PoolKind.PREWARMED).update(expires_at=timezone.now() - timedelta(seconds=1))
    PoolEntry.objects.filter(kind=PoolKind.LONG_LIVED).update(state=PoolState.REMOVING)
    reconcile.at_start(platform)
    assert not PoolEntry.objects.exists()
    assert fake_engine.made == {}
    assert kept_ones


def test_calls_of_dead_processes_are_closed_and_their_containers_removed(
    platform: Platform, fake_engine: FakeEngine
) -> None:
    call = rows.execution(ExecutionState.RUNNING, owner="killed")
    ours = labels.container(platform.instance, platform.node, "W1", "v", str(call.pk))
    theirs = {**ours, labels.INSTANCE: "another"}
    for name, label in (("ours", ours), ("theirs", theirs)):
        fake_engine.create(name, {"Image": "i", "Labels": label, "HostConfig": {"Binds": []}})
    reconcile.at_start(platform)
    assert rows.snapshot(call)["state"] == "ABANDONED"
    assert [made["Name"] for made in fake_engine.made.values()] == ["theirs"]


def test_an_engine_that_does_not_answer_does_not_stop_the_start(
    platform: Platform, fake_engine: FakeEngine, kept_ones: dict[PoolKind, PoolEntry]
) -> None:
    fake_engine.failing = {"containers": [OSError()], "images": [OSError(), OSError(), OSError()]}
    call = rows.execution(ExecutionState.RUNNING, owner="killed")
    reconcile.at_start(platform)
    assert rows.snapshot(call)["state"] == "ABANDONED"
    assert PoolEntry.objects.count() == len(kept_ones)
