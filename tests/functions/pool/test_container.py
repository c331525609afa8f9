"""An address on the bridge belongs to whoever runs there: it is no proof of who listens."""

from __future__ import annotations

import socket
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from functions.engine import host_config
from functions.engine.channel import Channel, ChannelClosed
from functions.engine.docker import ContainerState
from functions.pool.container import Container
from tests.functions.fake_agent import soon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

STATES = {"running": ContainerState(True, 0, False, ""), "ended": ContainerState(False, 0, False, ""), "gone": None}


@pytest.fixture
def container(
    platform: Platform, fake_engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[FakeEngine, Container]]:
    """One that is reached over TCP. Somebody listens at its address."""
    with listening(monkeypatch):
        yield fake_engine, Container("id", "name", None, platform, address="127.0.0.1")


@contextmanager
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        monkeypatch.setattr(host_config, "AGENT_PORT", listener.getsockname()[1])
        yield listener


@pytest.mark.parametrize("state", STATES)
def test_a_connection_to_its_address_is_one_to_it_while_it_runs(
    container: tuple[FakeEngine, Container], state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, reached = container
    if STATES[state]:  # the engine does not know it otherwise
        monkeypatch.setattr(engine, "state", lambda _container_id: STATES[state])
    if state == "running":
        reached.open().close()
    else:
        with pytest.raises(ChannelClosed):
            reached.open()


@pytest.mark.parametrize(
    ("runtime", "is_its"), [("java8 token", True), ("java8 another", False), ("java8", False), (None, False)]
)
def test_only_its_own_agent_is_ready_at_its_address(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, runtime: str | None, is_its: bool
) -> None:
    reached = Container("id", "name", None, platform, "token", "127.0.0.1")
    with listening(monkeypatch) as listener, closing(reached.knock()) as agent:
        with closing(Channel(listener.accept()[0])) as other:
            other.send({"type": "ready", "runtime": runtime}, soon())
        if is_its:
            assert reached.when_ready(agent, 5) is agent
        else:
            with pytest.raises(ChannelClosed):
                reached.when_ready(agent, 5)
