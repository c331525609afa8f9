"""`/clear`: what is idle goes, what serves a call goes after it, and the answer counts both."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from django.test import Client

from functions.errors import EngineUnavailable
from functions.models import Configuration, Image, PoolEntry
from functions.models.execution import ExecutionState
from functions.models.image import ImageState
from functions.models.pool_entry import PoolKind, PoolState
from functions.upkeep import reaper
from tests.functions.build.packages import package
from tests.functions.conftest import join_background_work
from tests.functions.fake_agent import soon, takes_call
from tests.functions.fake_engine import FakeEngine, end_agents
from tests.functions.models import rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions.build.platform import Platform
    from functions.engine.channel import Channel

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture(autouse=True)
def _worker(platform: Platform, fake_engine: FakeEngine) -> Iterator[None]:
    yield
    join_background_work()
    end_agents(fake_engine)


def entry(kind: PoolKind, state: PoolState, **fields: Any) -> PoolEntry:
    name = f"{kind}-{state}-{PoolEntry.objects.count()}"
    return PoolEntry.objects.create(
        **{"node": settings.WF_NODE, "kind": kind, "state": state, "container_name": name, **fields}
    )


def left() -> list[tuple[str, str]]:
    return sorted(PoolEntry.objects.values_list("kind", "state"))


def cleared(client: Client, query: str = "", **sent: Any) -> dict[str, int]:
    response = client.post(f"/clear{query}", **sent)
    body: dict[str, Any] = response.json()
    assert (response.status_code, body.pop("Message")) == (200, "cleared"), body
    return body


def test_with_nothing_to_clear(client: Client) -> None:
    assert client.get("/clear").json() == {"Message": "cleared", "Containers": 0, "Images": 0, "ImagesInUse": 0}


def test_idle_containers_go_and_those_of_a_call_stay(client: Client, fake_engine: FakeEngine) -> None:
    for kind in (PoolKind.NETWORK, PoolKind.PREWARMED):
        for state in (PoolState.IDLE, PoolState.IDLE, PoolState.CLAIMED, PoolState.STARTING):
            entry(kind, state)
    entry(PoolKind.LONG_LIVED, PoolState.SERVING)
    entry(PoolKind.LONG_LIVED, PoolState.STARTING)
    foreign = entry(PoolKind.PREWARMED, PoolState.IDLE, node="other")
    assert cleared(client)["Containers"] == 5
    foreign.delete()
    assert left() == [
        ("long-lived", "STARTING"),
        ("network", "CLAIMED"),
        ("network", "STARTING"),
        ("prewarmed", "CLAIMED"),
        ("prewarmed", "STARTING"),
    ]
    assert fake_engine.history.count("remove") == 5


def test_a_long_lived_container_ends_after_its_call_and_the_next_call_gets_another(
    client: Client, fake_engine: FakeEngine, source_folder: Path
) -> None:
    at_work, go_on = threading.Event(), threading.Event()

    def agent(channel: Channel) -> None:
        takes_call(channel)
        at_work.set()
        assert go_on.wait(20)
        channel.send({"type": "result", "value": "done"}, soon())

    fake_engine.agent = agent
    package(source_folder, "Hello")
    Configuration.objects.change(Configuration.objects.of(settings.WF_NODE), using_rest_mode=True)
    replies: list[Any] = []

    def call() -> None:
        replies.append(Client().get("/execute?name=Hello"))
        connections.close_all()

    caller = threading.Thread(target=call)
    caller.start()
    assert at_work.wait(20)
    assert cleared(client)["Containers"] == 1
    assert left() == [("long-lived", "REMOVING")]
    assert cleared(client)["Containers"] == 0
    go_on.set()
    caller.join()
    assert (replies[0].status_code, replies[0].json()["Result"]["body"]) == (200, "done")
    assert client.get("/execute?name=Hello").json()["Meta"]["StartType"] == "cold"
    assert client.get("/execute?name=Hello").json()["Meta"]["UsingExistingRestContainer"] is True


@pytest.mark.parametrize("words", ["false", "0", "FALSE"])
def test_images_stay_unless_it_is_asked_for(client: Client, words: str) -> None:
    image = rows.image(ImageState.READY)
    assert cleared(client, f"?reset_images={words}") == {"Containers": 0, "Images": 0, "ImagesInUse": 0}
    assert (rows.snapshot(image)["state"], rows.snapshot(image)["is_doomed"]) == ("READY", False)


@pytest.mark.parametrize("words", ["true", "1", "True"])
def test_idle_images_go_and_those_in_use_after_their_calls(
    client: Client, platform: Platform, fake_engine: FakeEngine, words: str
) -> None:
    idle, busy = (rows.image(ImageState.READY, rows.function(name), image_id=name) for name in ("Idle", "Busy"))
    fake_engine.built = {"Idle": {"Id": "Idle", "Labels": {}}, "Busy": {"Id": "Busy", "Labels": {}}}
    call = rows.execution(function=busy.function)
    entry(PoolKind.PREWARMED, PoolState.IDLE, image=idle)
    assert cleared(client, f"?reset_images={words}") == {"Containers": 1, "Images": 1, "ImagesInUse": 1}
    assert (rows.snapshot(idle)["state"], list(fake_engine.built)) == ("ABSENT", ["Busy"])
    join_background_work()
    assert rows.snapshot(busy)["state"] == "READY"
    type(call).objects.filter(pk=call.pk).update(state=ExecutionState.SUCCEEDED, lease_expires_at=None)
    reaper.sweep(platform)
    assert (rows.snapshot(busy)["state"], fake_engine.built) == ("ABSENT", {})


def test_the_body_may_ask_as_well(client: Client) -> None:
    image = rows.image(ImageState.READY)
    assert cleared(client, data={"reset_images": True}, content_type="application/json")["Images"] == 1
    assert rows.snapshot(image)["state"] == "ABSENT"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("reset_images=maybe", 'reset_images="maybe"'),
        ("reset_images=", 'reset_images=""'),
        ("reset_images=2", 'reset_images="2"'),
        ("reset_images=true&reset_images=true", "reset_images is given 2 times"),
        ("reset_image=true", "\"reset_image\". Did you mean 'reset_images'"),
        ("reset_images=true&force=1", '"force"'),
        ("lb=1", '"lb"'),
    ],
)
def test_a_bad_parameter_is_named_and_nothing_is_removed(client: Client, query: str, words: str) -> None:
    image = rows.image(ImageState.READY)
    entry(PoolKind.NETWORK, PoolState.IDLE)
    response = client.get(f"/clear?{query}")
    assert (response.status_code, response.json()["Code"]) == (400, "invalid_option")
    assert words in response.json()["Message"]
    assert left() == [("network", "IDLE")]
    assert not Image.objects.get(pk=image.pk).is_doomed


def test_an_engine_that_does_not_answer_is_told_and_a_sweep_finishes(
    client: Client, platform: Platform, fake_engine: FakeEngine
) -> None:
    entry(PoolKind.PREWARMED, PoolState.IDLE)
    fake_engine.failing["remove"] = [EngineUnavailable()]
    response = client.get("/clear")
    assert (response.status_code, response.json()["Code"]) == (503, "engine_unavailable")
    assert left() == [("prewarmed", "REMOVING")]
    reaper.sweep(platform)
    assert left() == []


def test_the_command_does_the_same(fake_engine: FakeEngine) -> None:
    image = rows.image(ImageState.READY)
    entry(PoolKind.NETWORK, PoolState.IDLE)
    said = io.StringIO()
    call_command("clear", stdout=said)
    assert said.getvalue().startswith("cleared 1 containers and 0 images")
    call_command("clear", "--reset-images", stdout=said)
    assert rows.snapshot(image)["state"] == "ABSENT"
    entry(PoolKind.NETWORK, PoolState.IDLE)
    fake_engine.failing["remove"] = [EngineUnavailable()]
    with pytest.raises(CommandError, match="Docker"):
        call_command("clear")
