"""Containers that are kept for calls to come, whatever their kind: from a row to a container, and to its end.

Row before container, container gone before row: a process that dies anywhere leaves a row that a sweep can finish.
"""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from functions import liveness
from functions.engine import labels
from functions.engine.channel import ChannelClosed
from functions.errors import WorkerFrontError
from functions.models import PoolEntry
from functions.models.pool_entry import PoolKind, PoolState
from functions.pool import launch
from functions.pool.container import Container, DiedWhileLoading, remove_folder

if TYPE_CHECKING:
    from pathlib import Path

    from functions.build.platform import Platform
    from functions.engine.channel import Channel
    from functions.models import Image
    from functions.pool.options import Options

START_GRACE = timedelta(minutes=1)  # after the limits of the engine and of the agent's boot
TELL_LIMIT_S = 2.0


def fields(image: Image, options: Options, lifetime_s: float) -> dict[str, Any]:
    """What the row of a container knows before there is one."""
    return {
        "container_name": launch.container_name(image),
        "folder": f"kept-{secrets.token_hex(8)}",
        "fingerprint": options.fingerprint(image),
        "lifetime_s": lifetime_s,
        "owner": liveness.me(),
        "lease_expires_at": timezone.now() + _start_limit(),
    }


def _start_limit() -> timedelta:
    limit_s = 2 * settings.WF_ENGINE_TIMEOUT_SECONDS + 2 * settings.WF_BOOT_TIMEOUT_SECONDS
    return timedelta(seconds=limit_s) + START_GRACE


def started(entry: PoolEntry, image: Image, options: Options, platform: Platform) -> tuple[Container, Channel]:
    """Starts the container of a row that is STARTING, and waits until its agent has loaded the handler.

    The channel is the connection that the agent loaded it for. On an error the row is on its way out. Raises
    DiedWhileLoading, StartTimeout, NoSuchImage.
    """
    try:
        container = launch.start(platform, _launch(entry, image, options, platform))
        entry.container_id = container.id
        if container.folder is None:
            container.address = platform.engine.state(container.id).address
        return container, _ready(container)
    except BaseException:
        discard(entry, platform)
        raise


def _launch(entry: PoolEntry, image: Image, options: Options, platform: Platform) -> launch.Launch:
    names = (platform.instance, platform.node, image.function.name, image.version)
    return launch.Launch(
        image=image,
        options=options,
        name=entry.container_name,
        folder_name=entry.folder,
        labels=labels.kept(*names, entry.kind),
        lifetime_s=entry.lifetime_s or 0,
    )


def _ready(container: Container) -> Channel:
    try:
        return container.connect_ready()
    except ChannelClosed as error:
        raise DiedWhileLoading(container) from error


def container_of(entry: PoolEntry, platform: Platform) -> Container:
    """The container of a row."""
    path = folder_of(entry)
    folder = path if path and path.exists() else None
    return Container(entry.container_id, entry.container_name, folder, platform, entry.folder, entry.address)


def folder_of(entry: PoolEntry) -> Path | None:
    """Where its channel's socket is, when it has one."""
    channels: Path = settings.WF_HOME / "channels"
    return channels / entry.folder if entry.folder else None


def discard(entry: PoolEntry, platform: Platform) -> bool:
    """Kills and removes the container, whatever it does, and its row. False: somebody else is at it."""
    if entry.state == PoolState.REMOVING or not PoolEntry.objects.begin_removal(entry):
        return False
    finish(entry, platform)
    return True


def finish(entry: PoolEntry, platform: Platform) -> None:
    """The end of a row that is REMOVING."""
    platform.engine.remove(entry.container_id or entry.container_name)
    remove_folder(folder_of(entry))
    entry.delete()


def drain(entry: PoolEntry, platform: Platform) -> bool:
    """No new call finds it; its agent ends when the calls that it serves have ended. False: somebody else is at it."""
    if entry.kind != PoolKind.LONG_LIVED or entry.state != PoolState.SERVING:
        return discard(entry, platform)
    until = timezone.now() + timedelta(seconds=settings.WF_FUNCTION_TIMEOUT_MAX_SECONDS) + START_GRACE
    if not PoolEntry.objects.begin_removal(entry, until):
        return False
    # One that does not listen any more, or not now, may still be at a call: then it is left to the sweeps.
    if not tell_lifetime(entry, 0, platform) and container_of(entry, platform).is_stuck():
        finish(entry, platform)
    return True


def tell_lifetime(entry: PoolEntry, lifetime_s: float, platform: Platform) -> bool:
    """The agent takes the new lifetime at once. False when it does not listen any more."""
    deadline = time.monotonic() + TELL_LIMIT_S
    try:
        channel = container_of(entry, platform).open()
    except WorkerFrontError:
        return False
    try:
        channel.send({"type": "lifetime", "lifetime_s": lifetime_s}, deadline)
        channel.await_end(deadline)
    except WorkerFrontError:
        return False
    finally:
        channel.close()
    return True
