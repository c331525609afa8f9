"""Folders that dead processes have left in the state folder. They are listed before the rows are read."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from functions import liveness
from functions.models import Execution, PoolEntry
from functions.pool.container import remove_folder
from functions.upkeep.attempt import attempt
from functions.upkeep.images import is_building

if TYPE_CHECKING:
    from pathlib import Path

    from functions.build.platform import Platform

END_OF_CALL = timedelta(seconds=10)  # so long the process that served a call may still be at its folder


def remove_channels(platform: Platform) -> None:
    """Channel folders that no row needs: `<execution>-...` of calls, `kept-...` of kept containers."""
    folders = folders_in("channels")
    kept = set(PoolEntry.objects.filter(node=platform.node).values_list("folder", flat=True))
    for folder in folders:
        if folder.name not in kept and not is_call_at(folder.name):
            attempt(remove_folder, folder)


def is_call_at(folder: str) -> bool:
    """Does a process of ours use the folder of this name for a call?"""
    try:
        pk = uuid.UUID(folder.partition("-")[0])
    except ValueError:
        return False
    call = Execution.objects.filter(pk=pk).only("owner", "finished_at").first()
    if call is None or not liveness.is_alive(call.owner):
        return False
    return call.finished_at is None or call.finished_at > timezone.now() - END_OF_CALL


def remove_work(platform: Platform) -> None:
    """Folders of builds that were killed: all of them while nothing is built, else the very old ones."""
    folders = folders_in("work")
    age_s = 2 * settings.WF_BUILD_TIMEOUT_SECONDS if is_building(platform) else 0
    for folder in folders:
        if folder.exists() and folder.stat().st_mtime <= time.time() - age_s:
            attempt(remove_folder, folder)


def folders_in(room: str) -> list[Path]:
    """The folders in a room of the state folder."""
    parent: Path = settings.WF_HOME / room
    return [path for path in parent.iterdir() if path.is_dir()]
