"""Calls in the function's long-lived container: found, shared, replaced, and ended."""

from __future__ import annotations

import itertools
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from functions.invoke import place, routes
from functions.invoke.call import Answer, Call
from functions.invoke.invoker import invoke
from functions.models import Execution, Function, PoolEntry
from functions.models.execution import ExecutionState, StartType
from functions.models.pool_entry import PoolKind, PoolState
from functions.pool import long_lived
from tests.functions.fake_agent import HELLO, AgentEnds, soon, takes_call
from tests.functions.fake_engine import FakeEngine, end_agents
from tests.functions.invoke.places import configure, kept, way
from tests.functions.models import rows
from tests.races.windows import at_once, overtaken
from tests.worker import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import Settings

    from functions.build.platform import Platform
    from functions.engine.channel import Channel

pytestmark = pytest.mark.usefixtures("settled")


def test_calls_of_a_function_share_its_long_lived_container(call: Callable[[], Answer]) -> None:
    configure(using_rest_mode=True)
    answers = [call() for _ in range(3)]
    assert [way(answer) for answer in answers] == [("SUCCEEDED", "cold"), ("SUCCEEDED", "warm"), ("SUCCEEDED", "warm")]
    (entry,) = PoolEntry.objects.filter(kind=PoolKind.LONG_LIVED)
    assert {answer.execution.container_name for answer in answers} == {entry.container_name}
    assert all(rows.snapshot(answer.execution)["version"] == entry.image.version for answer in answers if entry.image)
    assert all(rows.snapshot(answer.execution)["image_name"] == "hf_hello" for answer in answers)


def test_calls_that_lose_their_container_at_once_do_not_change_the_entry_that_they_share(
    call: Callable[[], Answer], platform: Platform
) -> None:
    configure(using_rest_mode=True)
    call(), call()
    warm = routes.find("Hello", platform).warm
    assert warm
    reached = long_lived.knock(warm.entry, warm.container)
    assert reached
    calls = [place.Shared(reached, warm.options.isolation, StartType.WARM) for _ in range(2)]
    for lost in calls:
        lost.lost()
        lost.leave()
    eventually(lambda: not PoolEntry.objects.filter(kind=PoolKind.LONG_LIVED).exists())
    assert (warm.entry.state, bool(warm.entry.pk)) == (PoolState.SERVING, True)
    assert way(call()) == ("SUCCEEDED", "cold")


@pytest.fixture
def slow_start(fake_engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long-lived container starts when seven other calls are seen to wait for it."""
    waiting: set[int] = set()
    look_after, start = long_lived._look_after, fake_engine.start

    def seen(entry: PoolEntry, platform: Platform) -> None:
        waiting.add(threading.get_ident())
        look_after(entry, platform)

    def late(container_id: str) -> None:
        eventually(lambda: len(waiting) == 7)
        start(container_id)

    monkeypatch.setattr(long_lived, "_look_after", seen)
    monkeypatch.setattr(fake_engine, "start", late)


def test_eight_first_calls_at_once_are_cold_and_share_one_container(
    call: Callable[[], Answer], platform: Platform, slow_start: None
) -> None:
    configure(using_rest_mode=True)
    found = at_once([lambda: invoke(Call("Hello", None, "c", time.monotonic()), platform)] * 8)
    assert {way(answer) for answer in found} == {("SUCCEEDED", "cold")}
    assert {answer.outcome.response["body"] for answer in found} == {"hello"}
    assert len({answer.execution.container_name for answer in found}) == 1
    assert way(call()) == ("SUCCEEDED", "warm")
    assert kept(PoolKind.LONG_LIVED) == [PoolState.SERVING]


def test_a_change_between_the_look_and_the_start_leaves_the_call_a_whole_configuration(
    call: Callable[[], Answer], platform: Platform, fake_engine: FakeEngine
) -> None:
    configure(using_rest_mode=True, rest_container_life_time=77)

    def change() -> None:
        configure(using_rest_mode=False, rest_container_life_time=99, container_pool_limit=1)

    answer, _ = overtaken(lambda: invoke(Call("Hello", None, "c", time.monotonic()), platform), change)
    assert way(answer) == ("SUCCEEDED", "cold")
    (made,) = [made for made in fake_engine.made.values() if made["Name"] == answer.execution.container_name]
    assert {"WF_MODE=process", "WF_LIFETIME=77"} <= set(made["Env"])
    assert way(call()) == ("SUCCEEDED", "cold")  # the next one has the new configuration, as a whole as well
    assert kept(PoolKind.PREWARMED)


def test_the_mode_and_a_function_s_own_choice_hold_from_the_next_call_on(call: Callable[[], Answer]) -> None:
    Function.objects.update(isolation="shared")
    assert [way(call())[1] for _ in range(2)] == ["cold", "warm"]
    Function.objects.update(isolation="process")
    assert [way(call())[1] for _ in range(2)] == ["cold", "warm"]
    Function.objects.update(isolation="container")
    assert way(call())[1] == "cold"
    configure(using_rest_mode=True)
    assert way(call())[1] == "cold"
    Function.objects.update(isolation="")
    assert way(call())[1] == "warm"


def test_a_container_that_has_ended_costs_no_call(call: Callable[[], Answer], fake_engine: FakeEngine) -> None:
    configure(using_rest_mode=True)
    first = call()
    end_agents(fake_engine)
    second = call()
    assert way(second) == ("SUCCEEDED", "cold")
    assert second.execution.container_name != first.execution.container_name
    assert kept(PoolKind.LONG_LIVED) == [PoolState.SERVING]


def test_an_agent_that_ends_instead_of_being_ready_costs_no_call(
    call: Callable[[], Answer], fake_engine: FakeEngine
) -> None:
    """Its call says RUNNING already, and has sent nothing."""
    configure(using_rest_mode=True)
    connections = itertools.count(1)

    def agent(channel: Channel) -> None:
        if next(connections) == 2:
            eventually(lambda: Execution.objects.filter(state=ExecutionState.RUNNING).exists())
            raise AgentEnds
        HELLO(channel)

    fake_engine.agent = agent
    assert [way(call()) for _ in range(3)] == [("SUCCEEDED", "cold"), ("SUCCEEDED", "cold"), ("SUCCEEDED", "warm")]
    *ending, serving = kept(PoolKind.LONG_LIVED)  # the first one's row may be left to a sweep: it was not quite dead
    assert (set(ending) <= {PoolState.REMOVING}, serving) == (True, PoolState.SERVING)


def test_a_call_whose_agent_never_becomes_ready_has_found_nothing(
    call: Callable[[], Answer], fake_engine: FakeEngine, settings: Settings
) -> None:
    configure(using_rest_mode=True)
    connections, may_end = itertools.count(1), threading.Event()

    def agent(channel: Channel) -> None:
        if next(connections) > 1:
            may_end.wait(20)
            raise AgentEnds
        HELLO(channel)

    fake_engine.agent = agent
    assert way(call()) == ("SUCCEEDED", "cold")
    settings.WF_QUEUE_WAIT_SECONDS = 0.1
    busy = call()
    may_end.set()
    assert way(busy) == ("function_busy", "")
    seen = rows.snapshot(busy.execution)
    assert (seen["started_at"], seen["container_name"], seen["version"]) == (None, "", "")


def test_the_lease_of_a_call_outlasts_the_wait_for_its_agent(
    call: Callable[[], Answer], fake_engine: FakeEngine, settings: Settings
) -> None:
    configure(using_rest_mode=True)
    settings.WF_QUEUE_WAIT_SECONDS = 1000
    leases: list[Any] = []

    def agent(channel: Channel) -> None:
        takes_call(channel)
        leases.extend(Execution.objects.filter(state=ExecutionState.RUNNING).values_list("lease_expires_at", flat=True))
        channel.send({"type": "result", "value": 1}, soon())

    fake_engine.agent = agent
    assert [way(call())[1] for _ in range(2)] == ["cold", "warm"]
    assert len(leases) == 2
    assert all(lease > timezone.now() + timedelta(seconds=1000) for lease in leases)


def test_an_agent_that_dies_in_a_call_is_replaced_for_the_next_one(
    call: Callable[[], Answer], fake_engine: FakeEngine
) -> None:
    configure(using_rest_mode=True)

    def agent(channel: Channel) -> None:
        takes_call(channel)

    fake_engine.agent = agent
    fake_engine.end = None
    assert way(call()) == ("function_crashed", "cold")
    assert kept(PoolKind.LONG_LIVED) == []
    fake_engine.agent = HELLO
    assert way(call()) == ("SUCCEEDED", "cold")


def hanging_in_the_second_call(told: list[str], *, ends: bool) -> Callable[[Channel], None]:
    calls: list[Any] = []

    def agent(channel: Channel) -> None:
        calls.append(takes_call(channel))
        if len(calls) == 2:
            told.append(channel.receive(soon())["type"])
            if not ends:
                channel.receive(soon())
        elif calls[-1]["type"] == "call":
            channel.send({"type": "result", "value": len(calls)}, soon())

    return agent


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("isolation", ["process", "shared"])
def test_a_call_that_runs_too_long_is_cancelled_and_its_neighbours_go_on_where_they_can(
    call: Callable[[], Answer], fake_engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, isolation: str, ends: bool
) -> None:
    monkeypatch.setattr(place, "KILL_GRACE_S", 2 if ends else 0.1)
    Function.objects.update(isolation=isolation)
    told: list[str] = []
    fake_engine.agent = hanging_in_the_second_call(told, ends=ends)
    first = call()
    Function.objects.update(timeout=1)
    late = call()
    assert way(late) == ("function_timeout", "warm")
    assert told == ["cancel"]
    assert late.execution.container_name == first.execution.container_name
    is_there = late.execution.container_name in [made["Name"] for made in fake_engine.made.values()]
    assert is_there is ends
    fake_engine.agent = HELLO
    assert way(call()) == ("SUCCEEDED", "warm" if ends and isolation == "process" else "cold")
