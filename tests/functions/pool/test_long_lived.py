"""Long-lived containers: started once, found by all, replaced when they cannot or must not serve."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from functions import liveness
from functions.engine.channel import ChannelClosed
from functions.engine.docker import ContainerState, NoSuchImage
from functions.errors import FunctionBusy, StartTimeout
from functions.models import PoolEntry
from functions.models.pool_entry import PoolKind, PoolState
from functions.pool import kept, long_lived
from functions.pool.container import DiedWhileLoading
from functions.pool.options import Options, resolve
from tests.functions.fake_agent import HELLO, soon, takes_call
from tests.functions.fake_engine import FakeEngine, end_agents
from tests.races.windows import at_once

if TYPE_CHECKING:
    from pytest_django import Settings

    from functions.build.platform import Platform
    from functions.engine.channel import Channel
    from functions.models import Image
    from functions.pool.long_lived import Reached

pytestmark = pytest.mark.usefixtures("settled")

CALLERS = 8
HOUR = timedelta(hours=1)


def options(image: Image) -> Options:
    return resolve(image.function, image, rest_mode=True)


def reach(image: Image, platform: Platform) -> Reached:
    return long_lived.reach(image, options(image), 10, platform)


def call(reached: Reached) -> Any:
    """What its agent answers."""
    with closing(reached.channel) as channel:
        channel.send({"type": "call"}, soon())
        return channel.receive(soon())["value"]


def served(image: Image, platform: Platform) -> Reached:
    """After a whole call."""
    reached = reach(image, platform)
    assert call(reached) == "hello"
    return reached


def left_behind(image: Image, platform: Platform, **fields: Any) -> PoolEntry:
    """A row that somebody has begun, and his container, which nobody has told us the id of."""
    entry = PoolEntry.objects.begin_long_lived(image, **{**kept.fields(image, options(image), 10), **fields})
    assert entry
    config = {"Image": image.image_id, "Env": [], "HostConfig": {"Binds": []}}
    platform.engine.create(entry.container_name, config)
    return entry


def names(engine: FakeEngine) -> list[str]:
    return [made["Name"] for made in engine.made.values()]


def test_an_image_that_was_deleted_meanwhile_is_told_at_once(image: Image, platform: Platform) -> None:
    image.function.delete()
    with pytest.raises(NoSuchImage, match="deleted"):
        reach(image, platform)


def test_the_first_call_starts_it_and_the_next_one_finds_it(
    image: Image, platform: Platform, fake_engine: FakeEngine
) -> None:
    first = served(image, platform)
    row = PoolEntry.objects.get()
    assert (row.kind, row.state, row.owner, row.lease_expires_at) == (PoolKind.LONG_LIVED, PoolState.SERVING, "", None)
    assert (row.container_name, row.container_id) == (first.container.name, first.container.id)
    assert (row.lifetime_s, row.fingerprint) == (10, options(image).fingerprint(image))
    second = served(image, platform)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.container.id == second.container.id
    assert names(fake_engine) == [row.container_name]


def test_its_agent_is_told_how_to_serve_many(
    image: Image, platform: Platform, fake_engine: FakeEngine, settings: Settings
) -> None:
    settings.WF_CONTAINER_CONCURRENCY = 3
    served(image, platform)
    (made,) = fake_engine.made.values()
    told = dict(line.split("=", 1) for line in made["Env"])
    memory = options(image).memory
    assert (told["WF_MODE"], told["WF_LIFETIME"], told["WF_CONCURRENCY"]) == ("process", "10", "3")
    assert (told["WF_MEMORY"], told["WF_TMP"], told["WF_ALONE"]) == (str(memory), "/tmp", "1")
    assert (made["HostConfig"]["Memory"], made["HostConfig"]["Init"]) == (3 * memory, True)
    assert made["Labels"]["workerfront.role"] == "long-lived"


def test_eight_first_calls_start_one_container_and_all_of_them_have_waited_for_it(
    image: Image, platform: Platform, fake_engine: FakeEngine
) -> None:
    found = at_once([lambda: reach(image, platform)] * CALLERS)
    assert [call(reached) for reached in found] == ["hello"] * CALLERS
    assert [reached.is_new for reached in found] == [True] * CALLERS
    assert len({reached.container.id for reached in found}) == 1
    assert fake_engine.history.count("start") == 1
    assert not served(image, platform).is_new


def test_a_container_of_other_options_is_drained_and_replaced(
    image: Image, platform: Platform, fake_engine: FakeEngine
) -> None:
    old = reach(image, platform)  # its call is under way
    image.function.environment = {"A": "1"}
    new = served(image, platform)
    assert new.is_new
    assert new.container.id != old.container.id
    row = PoolEntry.objects.get(pk=old.entry.pk)
    assert row.state == PoolState.REMOVING
    assert row.lease_expires_at
    assert row.lease_expires_at > timezone.now()
    assert call(old) == "hello"
    assert not served(image, platform).is_new
    with pytest.raises(ChannelClosed):  # it takes no more calls
        old.container.open()


def test_a_container_that_refuses_a_connection_is_replaced(
    image: Image, platform: Platform, fake_engine: FakeEngine
) -> None:
    old = served(image, platform)
    end_agents(fake_engine)
    new = served(image, platform)
    assert new.is_new
    assert names(fake_engine) == [new.container.name]
    assert PoolEntry.objects.get() == new.entry != old.entry


@pytest.mark.parametrize("said", [b"", b"\x00\x00\x00\x02no", b"\x00\x00\x00\x02{}"])
def test_an_agent_that_breaks_off_before_it_is_ready_is_replaced(
    image: Image, platform: Platform, fake_engine: FakeEngine, said: bytes
) -> None:
    connections: list[Channel] = []

    def agent(channel: Channel) -> None:
        connections.append(channel)
        if len(connections) == 1:
            HELLO(channel)
        else:
            channel._connection.sendall(said)

    fake_engine.agent = agent
    old = served(image, platform)
    fake_engine.agent = HELLO
    new = served(image, platform)
    assert new.is_new
    assert new.container.id != old.container.id


@pytest.mark.parametrize(
    "fields", [{"owner": "nobody"}, {"lease_expires_at": timezone.now() - HOUR}], ids=["is dead", "is too slow"]
)
def test_a_container_whose_starter_died_is_replaced(
    image: Image, platform: Platform, fake_engine: FakeEngine, fields: dict[str, Any]
) -> None:
    old = left_behind(image, platform, **fields)
    new = served(image, platform)
    assert new.is_new
    assert PoolEntry.objects.get() == new.entry != old
    assert names(fake_engine) == [new.container.name]


def test_who_waits_for_a_starter_that_lives_waits(
    image: Image, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = left_behind(image, platform, owner=liveness.me())
    monkeypatch.setattr(long_lived, "REACH_LIMIT_S", 0.1)
    with pytest.raises(StartTimeout, match="could not be reached"):
        reach(image, platform)
    assert PoolEntry.objects.get() == entry
    assert PoolEntry.objects.get().state == PoolState.STARTING


def test_a_start_whose_row_was_taken_serves_nobody(image: Image, platform: Platform, fake_engine: FakeEngine) -> None:
    def agent(channel: Channel) -> None:
        fake_engine.agent = HELLO
        assert PoolEntry.objects.begin_removal(PoolEntry.objects.get())  # a `/clear` comes while it starts
        HELLO(channel)

    fake_engine.agent = agent
    reached = served(image, platform)
    assert fake_engine.history.count("start") == 2
    assert names(fake_engine) == [reached.container.name]
    assert PoolEntry.objects.get() == reached.entry


@pytest.mark.parametrize("step", ["create", "start"])
def test_a_start_that_fails_leaves_nothing_behind(
    image: Image, platform: Platform, fake_engine: FakeEngine, step: str
) -> None:
    fake_engine.failing[step] = [NoSuchImage("No such image")]
    with pytest.raises(NoSuchImage):
        reach(image, platform)
    assert not PoolEntry.objects.exists()
    assert fake_engine.made == {}
    assert served(image, platform).is_new


def test_an_agent_that_is_not_ready_in_time_leaves_nothing_behind(
    image: Image, platform: Platform, fake_engine: FakeEngine, settings: Settings
) -> None:
    settings.WF_BOOT_TIMEOUT_SECONDS = 0.1
    fake_engine.agent = lambda channel: channel.receive(soon()) and None
    with pytest.raises(StartTimeout):
        reach(image, platform)
    assert not PoolEntry.objects.exists()
    assert fake_engine.made == {}


def test_an_agent_that_dies_while_it_loads_leaves_nothing_behind(
    image: Image, platform: Platform, fake_engine: FakeEngine
) -> None:
    fake_engine.agent = lambda channel: None
    with pytest.raises(DiedWhileLoading):
        reach(image, platform)
    assert not PoolEntry.objects.exists()
    assert fake_engine.made == {}


def full(channel: Channel) -> None:
    """An agent that serves as many calls as it may: nobody hears that it is ready."""
    channel.receive(soon())


def busy_from_the_second_call_on(engine: FakeEngine) -> None:
    connections: list[Channel] = []

    def agent(channel: Channel) -> None:
        connections.append(channel)
        (HELLO if len(connections) == 1 else full)(channel)

    engine.agent = agent


def test_a_container_that_is_full_for_too_long_is_busy_and_lives_on(
    image: Image, platform: Platform, fake_engine: FakeEngine, settings: Settings
) -> None:
    settings.WF_QUEUE_WAIT_SECONDS = 0.1
    busy_from_the_second_call_on(fake_engine)
    served(image, platform)
    with pytest.raises(FunctionBusy):
        reach(image, platform)
    assert PoolEntry.objects.get().state == PoolState.SERVING
    assert fake_engine.history.count("remove") == 0


def test_a_container_that_somebody_has_paused_is_replaced(
    image: Image, platform: Platform, fake_engine: FakeEngine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WF_QUEUE_WAIT_SECONDS = 0.1
    busy_from_the_second_call_on(fake_engine)
    old = served(image, platform)
    paused = ContainerState(running=True, exit_code=0, out_of_memory=False, address="", paused=True)
    monkeypatch.setattr(fake_engine, "state", lambda _container_id: paused)
    fake_engine.agent = HELLO
    new = served(image, platform)
    assert new.is_new
    assert names(fake_engine) == [new.container.name]
    assert PoolEntry.objects.get() == new.entry != old.entry


@pytest.mark.parametrize("ends", [True, False])
def test_one_call_is_ended_by_a_cancel_and_the_end_is_awaited(
    image: Image, platform: Platform, fake_engine: FakeEngine, ends: bool
) -> None:
    told: list[str] = []

    def agent(channel: Channel) -> None:
        takes_call(channel)
        channel.send({"type": "log", "data": "on the way"}, soon())
        told.append(channel.receive(soon())["type"])
        if not ends:
            channel.receive(soon())

    fake_engine.agent = agent
    reached = reach(image, platform)
    with closing(reached.channel) as channel:
        channel.send({"type": "call"}, soon())
        assert channel.receive(soon())["type"] == "log"
        assert long_lived.end_call(reached, 5 if ends else 0.2) is ends
    assert told == ["cancel"]
    assert PoolEntry.objects.get().state == PoolState.SERVING
