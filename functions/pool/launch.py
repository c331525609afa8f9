"""Starts a container: its channel's folder, its options, its network. Nothing is left behind on an error."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from functions.build import recipe
from functions.engine import channel, host_config
from functions.engine.docker import NoSuchImage, NoSuchThing
from functions.errors import Conflict
from functions.models.function import Isolation
from functions.pool import network
from functions.pool.container import Container, remove_folder

if TYPE_CHECKING:
    from pathlib import Path

    from functions.build.platform import Platform
    from functions.engine.labels import Labels
    from functions.models import Image, PoolEntry
    from functions.pool.options import Options
    from runtimes.base import Runtime


@dataclass(frozen=True)
class Launch:
    """What is to be started. `lifetime_s`: how long its agent waits for a call; it ends itself then."""

    image: Image
    options: Options
    name: str
    folder_name: str  # a name of its own below WF_HOME/channels
    labels: Labels
    lifetime_s: float

    @property
    def runtime(self) -> Runtime:
        return recipe.runtime(self.image.runtime)

    @property
    def serves_many(self) -> bool:
        """Several calls in processes of their own: memory and processes for all of them."""
        return self.options.isolation == Isolation.PROCESS

    @property
    def is_long_lived(self) -> bool:
        return self.options.isolation != Isolation.CONTAINER


def container_name(image: Image) -> str:
    """A new name; the original's clients expect it to begin with the image's."""
    return f"{image.tag}__{secrets.token_hex(6)}"


def start(platform: Platform, launch: Launch) -> Container:
    """A started container in a network of its own, if it may have one. Raises NoSuchImage when the image is gone."""
    recipe.refuse_impossible(launch.runtime, launch.options.network, launch.options.isolation)
    return _started(platform, launch, None)


def start_quickly(platform: Platform, launch: Launch, holder: PoolEntry | None) -> Container:
    """The same in the network of this holder, which is the container's from here on."""
    recipe.refuse_impossible(launch.runtime, launch.options.network, launch.options.isolation)
    if holder is None:
        return _started(platform, launch, None)
    try:
        return _started(platform, launch, holder)
    except NoSuchImage:
        network.release(holder)
        raise
    except (NoSuchThing, Conflict):  # the holder was taken away: the call makes a network of its own
        network.lose(holder)
        return _started(platform, launch, None)
    except BaseException:
        network.lose(holder)
        raise


def _started(platform: Platform, launch: Launch, holder: PoolEntry | None) -> Container:
    engine = platform.engine
    folder = _channel_folder(launch.folder_name) if launch.runtime.channel == "unix" else None
    container_id = ""
    try:
        config = host_config.container(_wanted(launch, folder, _network_mode(launch.options, holder)))
        container_id = engine.create(launch.name, config)
        engine.start(container_id)
    except BaseException:
        remove_folder(folder)
        if container_id:
            engine.remove(container_id)
        raise
    spare_image = launch.runtime.base_image if launch.options.network and holder is None else ""
    return Container(
        container_id, launch.name, folder, platform, token=launch.folder_name, holder=holder, spare_image=spare_image
    )


def _network_mode(options: Options, holder: PoolEntry | None) -> str:
    if not options.network:
        return host_config.NO_NETWORK
    return host_config.joined(holder.container_id) if holder else host_config.NETWORK


def _wanted(launch: Launch, folder: Path | None, network_mode: str) -> host_config.Container:
    calls = settings.WF_CONTAINER_CONCURRENCY if launch.serves_many else 1
    return host_config.Container(
        image_id=launch.image.image_id,
        environment={**launch.options.environment, **_agent_environment(launch)},
        labels=launch.labels,
        memory=launch.options.memory * calls,
        cpus=min(settings.WF_FUNCTION_CPUS * calls, os.cpu_count() or 1),  # an engine refuses more than there are
        network_mode=network_mode,
        channel_folder=str(folder) if folder else None,
        serves_many=launch.serves_many,
        is_long_lived=launch.is_long_lived,
    )


def _agent_environment(launch: Launch) -> dict[str, Any]:
    unix = f"unix:{host_config.CHANNEL_FOLDER}/{channel.SOCKET_NAME}"
    common = {
        "WF_CHANNEL": unix if launch.runtime.channel == "unix" else f"tcp:{host_config.AGENT_PORT}",
        "WF_HANDLER": launch.options.handler,
        "WF_MODE": str(launch.options.isolation),
        "WF_RUNTIME": f"{launch.runtime.name} {launch.folder_name}",  # its token, which comes back in `ready`
        "WF_LOG_LIMIT": str(settings.WF_LOG_LIMIT),
        "WF_RESULT_LIMIT": str(settings.WF_BODY_LIMIT),
        "WF_LIFETIME": f"{launch.lifetime_s:g}",
    }
    return {**common, **_long_lived(launch)} if launch.is_long_lived else common


def _long_lived(launch: Launch) -> dict[str, str]:
    return {
        "WF_CONCURRENCY": str(settings.WF_CONTAINER_CONCURRENCY),
        "WF_MEMORY": str(launch.options.memory),
        "WF_TMP": host_config.TMP,
        "WF_ALONE": "1",
    }


def _channel_folder(name: str) -> Path:
    """A folder that the container may write in until we connect; its parent is closed to other users of the host."""
    folder: Path = settings.WF_HOME / "channels" / name
    folder.mkdir()
    folder.chmod(0o777)
    return folder
