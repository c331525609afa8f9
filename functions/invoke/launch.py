"""A fresh container for one call: create, start, wait for its agent; and its end, after the answer."""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from functions.build import recipe
from functions.engine import channel, host_config, labels
from functions.engine.docker import NoSuchImage, NoSuchThing
from functions.errors import Conflict
from functions.invoke import network

if TYPE_CHECKING:
    from pathlib import Path

    from functions.build.platform import Platform
    from functions.engine.docker import ContainerState
    from functions.invoke.call import Run
    from functions.invoke.options import Options
    from functions.models import Image, PoolEntry
    from runtimes.base import Runtime

DEATH_WAIT_S, DEATH_PAUSE_S = 2.0, 0.02  # how long a broken connection may precede the news of the container's end


@dataclass
class Container:
    """A container of ours, the folder of its agent's socket (None for TCP), and the network holder that it joined.

    `spare_image`: what to start one more holder from, when it had to make a network of its own; else empty.
    """

    id: str
    name: str
    folder: Path | None
    holder: PoolEntry | None
    spare_image: str
    platform: Platform
    is_removed: bool = False

    def connect(self) -> channel.Channel:
        """Waits for its agent. Raises StartTimeout, ChannelClosed when it ended, NoSuchThing when it was taken away."""
        deadline = time.monotonic() + settings.WF_BOOT_TIMEOUT_SECONDS
        return channel.connect(self._address(), deadline, lambda: self.platform.engine.state(self.id).running)

    def _address(self) -> channel.Address:
        if self.folder:
            return channel.UnixAddress(self.folder)
        address = self.holder.address if self.holder else self.platform.engine.state(self.id).address
        return channel.TcpAddress(address, host_config.AGENT_PORT)

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
        _remove_folder(self.folder)
        if self.holder:
            network.release(self.holder)
        self.is_removed = True


def create(run: Run, image: Image, options: Options) -> Container:
    """A started container. Raises NoSuchImage when the image is gone; nothing is left behind on an error."""
    recipe.refuse_without_channel(recipe.runtime(image.runtime), options.network)
    holder = network.claim(run.platform, options.timeout_s) if options.network else None
    if holder is None:
        return _created(run, image, options, None)
    try:
        return _created(run, image, options, holder)
    except NoSuchImage:
        network.release(holder)
        raise
    except (NoSuchThing, Conflict):  # the holder was taken away: the call makes a network of its own
        network.lose(holder)
        return _created(run, image, options, None)
    except BaseException:
        network.lose(holder)
        raise


def _created(run: Run, image: Image, options: Options, holder: PoolEntry | None) -> Container:
    runtime, engine = recipe.runtime(image.runtime), run.platform.engine
    folder = _channel_folder(run) if runtime.channel == "unix" else None
    name = f"{image.tag}__{secrets.token_hex(6)}"
    container_id = ""
    try:
        config = host_config.container(_wanted(run, image, options, folder, _network_mode(options, holder)))
        container_id = engine.create(name, config)
        engine.start(container_id)
    except BaseException:
        _remove_folder(folder)
        if container_id:
            engine.remove(container_id)
        raise
    spare_image = runtime.base_image if options.network and holder is None else ""
    return Container(container_id, name, folder, holder, spare_image, run.platform)


def _network_mode(options: Options, holder: PoolEntry | None) -> str:
    if not options.network:
        return host_config.NO_NETWORK
    return host_config.joined(holder.container_id) if holder else host_config.NETWORK


def _wanted(run: Run, image: Image, options: Options, folder: Path | None, network_mode: str) -> host_config.Container:
    platform, execution = run.platform, run.execution
    names = (platform.instance, platform.node, execution.function_name, image.version, str(execution.pk))
    return host_config.Container(
        image_id=image.image_id,
        environment={**options.environment, **_agent_environment(recipe.runtime(image.runtime), options)},
        labels=labels.container(*names),
        memory=options.memory,
        cpus=settings.WF_FUNCTION_CPUS,
        network_mode=network_mode,
        channel_folder=str(folder) if folder else None,
    )


def _agent_environment(runtime: Runtime, options: Options) -> dict[str, Any]:
    unix = f"unix:{host_config.CHANNEL_FOLDER}/{channel.SOCKET_NAME}"
    return {
        "WF_CHANNEL": unix if runtime.channel == "unix" else f"tcp:{host_config.AGENT_PORT}",
        "WF_HANDLER": options.handler,
        "WF_MODE": "container",
        "WF_RUNTIME": runtime.name,
        "WF_LOG_LIMIT": str(settings.WF_LOG_LIMIT),
        "WF_RESULT_LIMIT": str(settings.WF_BODY_LIMIT),
    }


def _channel_folder(run: Run) -> Path:
    """A folder that the container may write in until we connect; its parent is closed to other users of the host."""
    folder: Path = settings.WF_HOME / "channels" / f"{run.execution.pk.hex}-{secrets.token_hex(3)}"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


def _remove_folder(folder: Path | None) -> None:
    if folder:
        folder.chmod(0o700)
        shutil.rmtree(folder)
