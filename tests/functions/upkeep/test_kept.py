"""Kept containers in a sweep: those that are over go, long-lived ones follow what is configured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from functions import liveness
from functions.models import Configuration, Function, Image, PoolEntry
from functions.models.pool_entry import PoolKind, PoolState
from functions.pool import long_lived
from functions.pool.options import resolve
from functions.upkeep import reaper, reconcile
from tests.functions.fake_agent import takes_call
from tests.functions.fake_engine import end_agents
from tests.worker import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.build.platform import Platform
    from functions.engine.channel import Channel
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled")


@dataclass
class Serving:
    """A long-lived container, and what its agent was told."""

    platform: Platform
    image: Image
    told: list[dict[str, Any]]

    @property
    def entry(self) -> PoolEntry | None:
        return PoolEntry.objects.first()

    def sweep(self) -> str:
        """The container's state after a sweep; empty when it has gone."""
        reaper.sweep(self.platform)
        return self.entry.state if self.entry else ""

    def configure(self, **values: Any) -> None:
        assert Configuration.objects.change(Configuration.objects.of(self.platform.node), **values)


@pytest.fixture
def serving(platform: Platform, fake_engine: FakeEngine, ready: Callable[..., Image]) -> Serving:
    told: list[dict[str, Any]] = []

    def agent(channel: Channel) -> None:
        told.append(takes_call(channel))

    fake_engine.agent = agent
    serving = Serving(platform, ready(last_used_at=timezone.now()), told)
    serving.configure(using_rest_mode=True)
    options = resolve(serving.image.function, serving.image, rest_mode=True)
    long_lived.reach(serving.image, options, 10, platform).channel.close()
    return serving


def test_one_that_fits_is_left_alone(serving: Serving, fake_engine: FakeEngine) -> None:
    for _ in range(2):
        assert serving.sweep() == "SERVING"
    assert serving.told == []
    assert len(fake_engine.made) == 1


def test_a_new_lifetime_is_told_once(serving: Serving) -> None:
    serving.configure(rest_container_life_time=77)
    for _ in range(2):
        assert serving.sweep() == "SERVING"
    assert serving.told == [{"type": "lifetime", "lifetime_s": 77}]


CHANGES: dict[str, Callable[[Serving], object]] = {
    "the node no longer uses long-lived containers": lambda one: one.configure(using_rest_mode=False),
    "the function shall run otherwise": lambda _: Function.objects.update(isolation="shared"),
    "the function has other options": lambda _: Function.objects.update(environment={"A": "b"}),
    "the function is disabled": lambda _: Function.objects.update(enabled=False),
    "the image is another one": lambda one: Image.objects.filter(pk=one.image.pk).update(image_id="sha256:new"),
    "the image has no row any more": lambda one: one.image.delete(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_one_that_no_longer_fits_takes_no_more_calls_and_goes_when_it_has_ended(
    serving: Serving, fake_engine: FakeEngine, change: Callable[[Serving], object]
) -> None:
    fake_engine.built["sha256:new"] = fake_engine.built["sha256:W1"]
    change(serving)
    assert serving.sweep() == "REMOVING"
    (agent,) = fake_engine._agents.values()
    eventually(lambda: not agent.thread.is_alive())  # told that its lifetime is over, it ends
    assert serving.sweep() == ""
    assert fake_engine.made == {}


def test_while_its_image_is_made_anew_one_goes_on(serving: Serving) -> None:
    Function.objects.update(version="")
    assert serving.sweep() == "SERVING"


def test_one_that_drains_has_time_until_its_lease_is_over(serving: Serving, fake_engine: FakeEngine) -> None:
    assert serving.entry
    assert PoolEntry.objects.begin_removal(serving.entry, timezone.now() + timedelta(minutes=1))
    assert serving.sweep() == "REMOVING"
    PoolEntry.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert serving.sweep() == ""
    assert fake_engine.made == {}


def test_one_whose_agent_has_ended_is_removed(serving: Serving, fake_engine: FakeEngine) -> None:
    end_agents(fake_engine)
    assert serving.sweep() == ""
    assert fake_engine.made == {}


@pytest.mark.parametrize("kind", PoolKind)
def test_one_that_somebody_has_removed_loses_its_row(platform: Platform, kind: PoolKind) -> None:
    state = PoolState.SERVING if kind == PoolKind.LONG_LIVED else PoolState.IDLE
    row = {"container_name": "c", "container_id": "gone", "last_used_at": timezone.now()}
    PoolEntry.objects.create(node=platform.node, kind=kind, state=state, **row)
    PoolEntry.objects.create(node="other", kind=kind, state=state, **row)
    reaper.sweep(platform)
    assert [entry.node for entry in PoolEntry.objects.all()] == ["other"]


@pytest.mark.parametrize("upkeep", [reaper.sweep, reconcile.at_start])
@pytest.mark.parametrize("state", [PoolState.STARTING, PoolState.CLAIMED])
def test_one_at_which_a_process_works_is_its_business_while_it_lives(
    platform: Platform, state: PoolState, upkeep: Callable[[Platform], None]
) -> None:
    for owner in (liveness.me(), "killed"):
        PoolEntry.objects.create(
            node=platform.node, kind=PoolKind.PREWARMED, state=state, container_name="c", owner=owner
        )
    upkeep(platform)
    assert [entry.owner for entry in PoolEntry.objects.all()] == [liveness.me()]
