"""Network holders: one call at a time joins one, and a call never fails because of one."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from functions.engine.docker import NoSuchThing
from functions.errors import Conflict, EngineUnavailable, WorkerFrontError
from functions.invoke.call import Answer, Call
from functions.invoke.invoker import invoke
from functions.models import Function, PoolEntry
from functions.models.pool_entry import PoolState
from functions.pool import network
from tests.functions.build.packages import package
from tests.functions.conftest import join_background_work

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import Settings

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def modes(platform: Platform, fake_engine: FakeEngine, source_folder: Path) -> list[str]:
    """The network modes of the containers of calls, in order."""
    package(source_folder, "Hello")
    found: list[str] = []
    create = fake_engine.create

    def listed(name: str, config: Any) -> str:
        if config["HostConfig"]["Binds"]:
            found.append(config["HostConfig"]["NetworkMode"])
        return create(name, config)

    fake_engine.create = listed  # type: ignore[method-assign]
    return found


def call(platform: Platform) -> Answer:
    answer = invoke(Call("Hello", None, "call-1", time.monotonic()), platform)
    join_background_work()
    assert answer.outcome.response
    return answer


def test_the_first_call_makes_a_network_and_the_next_one_joins_the_holder(platform: Platform, modes: list[str]) -> None:
    call(platform)
    holder = PoolEntry.objects.get()
    assert holder.state == PoolState.IDLE
    call(platform)
    assert modes == ["wf-fn", f"container:{holder.container_id}"]
    assert [entry.state for entry in PoolEntry.objects.all()] == [PoolState.IDLE]


def test_a_function_without_a_network_joins_none(platform: Platform, modes: list[str]) -> None:
    call(platform)
    Function.objects.update(network="none")
    call(platform)
    assert modes[-1] == "none"
    assert PoolEntry.objects.count() == 1


@pytest.mark.parametrize("error", [NoSuchThing("cannot join the network of a container that is gone"), Conflict()])
@pytest.mark.parametrize("step", ["create", "start"])
def test_a_holder_that_was_taken_away_costs_no_call(
    platform: Platform, fake_engine: FakeEngine, modes: list[str], error: WorkerFrontError, step: str
) -> None:
    call(platform)
    lost = PoolEntry.objects.get()
    fake_engine.failing[step] = [error]
    call(platform)
    assert modes[1:] == [f"container:{lost.container_id}", "wf-fn"]
    lost.refresh_from_db()
    assert lost.state == PoolState.REMOVING


def test_a_holder_that_cannot_be_started_costs_no_call(
    platform: Platform, fake_engine: FakeEngine, modes: list[str]
) -> None:
    fake_engine.failing["create of a holder"] = [EngineUnavailable()]
    call(platform)
    assert PoolEntry.objects.get().state == PoolState.REMOVING
    call(platform)
    assert modes == ["wf-fn", "wf-fn"]


def test_a_holder_is_not_joined_by_a_call_that_may_outlive_it(platform: Platform, modes: list[str]) -> None:
    call(platform)
    PoolEntry.objects.update(expires_at=timezone.now() + timedelta(seconds=300))
    Function.objects.update(timeout=300)
    call(platform)
    assert modes[-1] == "wf-fn"


def test_there_are_no_more_holders_than_the_operator_allows(
    platform: Platform, modes: list[str], settings: Settings
) -> None:
    settings.WF_NETWORK_HOLDERS = 2
    for _ in range(4):
        network.refill(platform, "python:3.12-slim")
    assert PoolEntry.objects.count() == 2
    settings.WF_NETWORK_HOLDERS = 0
    PoolEntry.objects.all().delete()
    call(platform)
    assert not PoolEntry.objects.exists()
