"""An address on the bridge belongs to whoever runs there: it is no proof of who listens."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from functions.engine import host_config
from functions.engine.channel import ChannelClosed
from functions.engine.docker import ContainerState
from functions.pool.container import Container

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
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        monkeypatch.setattr(host_config, "AGENT_PORT", listener.getsockname()[1])
        yield fake_engine, Container("id", "name", None, platform, address="127.0.0.1")


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
