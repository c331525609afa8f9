"""A container of ours as those see it who talk to its agent, or end it."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.conf import settings

from functions.engine import channel, host_config
from functions.engine.channel import ChannelBroken, ChannelClosed, DeadlinePassed
from functions.engine.docker import NoSuchThing
from functions.errors import Conflict, StartTimeout, WorkerFrontError
from functions.pool import network

if TYPE_CHECKING:
    from pathlib import Path

    from functions.build.platform import Platform
    from functions.engine.docker import ContainerState
    from functions.models import PoolEntry

DEATH_WAIT_S, DEATH_PAUSE_S = 2.0, 0.02  # how long a broken connection may precede the news of the container's end


class DiedWhileLoading(WorkerFrontError):
    """The function's container ended while its agent loaded the handler."""

    def __init__(self, container: Container) -> None:
        super().__init__()
        self.end = container.end_state()
        self.output = container.last_output()


@dataclass
class Container:
    """A container, the folder of its agent's socket (None for TCP), and the network holder that it joined.

    `token`: what only its agent knows, and says when it is ready. `address`: its own on our bridge, when that is known.
    `spare_image`: what to start one more holder from, when it had to make a network of its own; else empty.
    """

    id: str
    name: str
    folder: Path | None
    platform: Platform
    token: str = ""
    address: str = ""
    holder: PoolEntry | None = None
    spare_image: str = ""
    is_removed: bool = False

    def connect(self) -> channel.Channel:
        """Waits for its agent. Raises StartTimeout, ChannelClosed when it ended, NoSuchThing when it was taken away."""
        deadline = time.monotonic() + settings.WF_BOOT_TIMEOUT_SECONDS
        return channel.connect(self.agent_address(), deadline, lambda: self.platform.engine.state(self.id).running)

    def connect_ready(self) -> channel.Channel:
        """The same, until its agent has loaded the handler."""
        return self.when_ready(self.connect(), settings.WF_BOOT_TIMEOUT_SECONDS)

    def knock(self) -> channel.Channel:
        """A connection to an agent that has listened before. Raises ChannelClosed when it does not any more.

        At its address on the bridge somebody else may listen by now: `when_ready` tells.
        """
        try:
            return channel.Channel(self.agent_address().connect())
        except OSError as error:
            raise ChannelClosed from error

    def open(self) -> channel.Channel:
        """The same, for who does not wait until it is ready."""
        opened, is_its = self.knock(), False
        try:
            is_its = self._has_its_address()
        finally:
            if not is_its:
                opened.close()
        if not is_its:
            raise ChannelClosed
        return opened

    def open_ready(self, limit_s: float) -> channel.Channel:
        """The same, until its agent says that it is ready for a call. Raises StartTimeout when it does not in time."""
        return self.when_ready(self.knock(), limit_s)

    def when_ready(self, agent: channel.Channel, limit_s: float) -> channel.Channel:
        """This connection, when its agent has said that it is ready; closed when not. Raises as `open_ready`."""
        try:
            self._await_ready(agent, time.monotonic() + limit_s)
        except BaseException:
            agent.close()
            raise
        return agent

    def _await_ready(self, agent: channel.Channel, deadline: float) -> None:
        """The agent's first word: loaded, ready, and ours. Raises StartTimeout, ChannelClosed, ChannelBroken."""
        try:
            frame = agent.receive(deadline)
        except DeadlinePassed as error:
            raise StartTimeout from error
        if frame.get("type") != "ready":
            raise ChannelBroken
        if not self.folder and str(frame.get("runtime")).partition(" ")[2] != self.token:
            raise ChannelClosed  # of another container, to which the engine has given its address

    def _has_its_address(self) -> bool:
        """Asked once we are connected: the engine gives an address to the next container when its owner has ended."""
        if self.folder:
            return True
        try:
            return self.platform.engine.state(self.holder.container_id if self.holder else self.id).running
        except NoSuchThing:
            return False

    def agent_address(self) -> channel.Address:
        """Where its agent listens. Asks the engine when nobody has told its address."""
        if self._unix_address:
            return self._unix_address
        known = self.holder.address if self.holder else self.address
        return channel.TcpAddress(known or self.platform.engine.state(self.id).address, host_config.AGENT_PORT)

    @cached_property
    def _unix_address(self) -> channel.UnixAddress | None:
        return channel.UnixAddress(self.folder) if self.folder else None

    def end_state(self) -> ContainerState | None:
        """How it ended, None when it is gone; waits a moment for an end that is under way."""
        deadline = time.monotonic() + DEATH_WAIT_S
        try:
            state = self.platform.engine.state(self.id)
            while state.running and time.monotonic() < deadline:
                time.sleep(DEATH_PAUSE_S)
                state = self.platform.engine.state(self.id)
        except NoSuchThing:
            return None
        return state

    def is_stuck(self) -> bool:
        """Somebody has paused it, or it has ended: no call will ever be served."""
        try:
            state = self.platform.engine.state(self.id)
        except NoSuchThing:
            return True
        return state.paused or not state.running

    def last_output(self) -> str:
        """What it wrote past its agent; nothing when it is gone."""
        try:
            return self.platform.engine.output(self.id, settings.WF_LOG_LIMIT)
        except (NoSuchThing, Conflict):  # a conflict: it is being removed
            return ""

    def remove(self) -> None:
        """Killed and gone, its folder with it; then its network is free for another call: a second time would free it
        under that call's feet, and does nothing.
        """
        if self.is_removed:
            return
        self.platform.engine.remove(self.id)
        remove_folder(self.folder)
        if self.holder:
            network.release(self.holder)
        self.is_removed = True


def remove_folder(folder: Path | None) -> None:
    """A channel's folder; one that is gone, or that somebody else is removing, counts as removed."""
    if folder:
        with suppress(FileNotFoundError):
            folder.chmod(0o700)
            shutil.rmtree(folder)
