"""Calls in pre-warmed containers, and in fresh ones where there are none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from functions.invoke.call import Answer, Call
from functions.invoke.invoker import invoke
from functions.models import Function, PoolEntry
from functions.models.pool_entry import PoolKind, PoolState
from tests.functions.build.packages import package
from tests.functions.fake_agent import soon, takes_call
from tests.functions.invoke.places import configure, kept, way
from tests.races.windows import at_once

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_django import Settings

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def pool(call: Callable[[], Answer]) -> None:
    """A pool of two, filled after a call."""
    configure(container_pool_limit=1, container_pool_num=2)
    assert way(call()) == ("SUCCEEDED", "cold")
    assert kept(PoolKind.PREWARMED) == [PoolState.IDLE] * 2


@pytest.fixture
def no_refill(pool: None, settings: Settings) -> None:
    """Nothing is started in the background while the test looks."""
    settings.WF_POOL_MEMORY = 0


def test_a_call_takes_a_prewarmed_container_and_the_pool_is_filled_up_again(
    call: Callable[[], Answer], fake_engine: FakeEngine, pool: None
) -> None:
    before = {entry.container_name for entry in PoolEntry.objects.filter(kind=PoolKind.PREWARMED)}
    answer = call()
    assert way(answer) == ("SUCCEEDED", "prewarmed")
    assert answer.execution.container_name in before
    after = {entry.container_name for entry in PoolEntry.objects.filter(kind=PoolKind.PREWARMED)}
    assert (len(after), answer.execution.container_name in after) == (2, False)
    assert answer.execution.container_name not in [made["Name"] for made in fake_engine.made.values()]


def test_as_many_calls_at_once_as_containers_wait_take_one_each_and_the_others_go_fresh(
    call: Callable[[], Answer], platform: Platform, no_refill: None
) -> None:
    found = at_once([lambda: invoke(Call("Hello", None, "c", time.monotonic()), platform)] * 5)
    assert [answer.outcome.response["body"] for answer in found] == ["hello"] * 5
    assert sorted(answer.execution.start_type for answer in found) == ["cold"] * 3 + ["prewarmed"] * 2
    assert len({answer.execution.container_name for answer in found}) == 5


@pytest.mark.parametrize(("ended", "start_type"), [(1, "prewarmed"), (2, "cold")])
def test_a_prewarmed_container_that_died_while_it_waited_is_skipped(
    call: Callable[[], Answer], fake_engine: FakeEngine, no_refill: None, ended: int, start_type: str
) -> None:
    newest_first = PoolEntry.objects.filter(kind=PoolKind.PREWARMED).order_by("-last_used_at")
    died = [entry.container_name for entry in newest_first[:ended]]
    for entry in newest_first[:ended]:
        fake_engine._agents[entry.container_id].stop()
    answer = call()
    assert way(answer) == ("SUCCEEDED", start_type)
    assert answer.execution.container_name not in died
    assert not PoolEntry.objects.filter(container_name__in=died).exists()


def test_a_prewarmed_container_whose_function_runs_too_long_is_dead_when_the_caller_hears_of_it(
    call: Callable[[], Answer], fake_engine: FakeEngine, pool: None
) -> None:
    Function.objects.update(timeout=1)
    for agent in fake_engine._agents.values():
        agent._agent = lambda channel: takes_call(channel) and channel.receive(soon()) and None
    answer = call()
    assert way(answer) == ("function_timeout", "prewarmed")
    assert answer.execution.container_name not in [made["Name"] for made in fake_engine.made.values()]


def test_a_new_version_never_meets_an_old_container(
    call: Callable[[], Answer], source_folder: Path, pool: None
) -> None:
    old = {entry.container_name for entry in PoolEntry.objects.filter(kind=PoolKind.PREWARMED)}
    package(source_folder, "Hello", files={"config.json": '{"environment": "python3.12"}', "main.py": "x = 1\n"})
    function = Function.objects.get()
    Function.objects.outdate(function.pk)
    answer = call()
    assert way(answer) == ("SUCCEEDED", "built")
    assert answer.execution.container_name not in old


def test_without_a_pool_nothing_is_kept(call: Callable[[], Answer], pool: None) -> None:
    configure(container_pool_limit=-1)
    assert way(call()) == ("SUCCEEDED", "cold")
