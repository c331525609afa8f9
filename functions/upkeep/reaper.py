"""`sweep`: one pass over leases, containers, images and folders. Each step and each item fails alone.

What is not labelled as this instance's is never touched; what is younger than a grace may still be in use.
"""

from __future__ import annotations

import logging
import shutil
import time
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from functions import liveness
from functions.engine import labels
from functions.models import Execution, Image, PoolEntry
from functions.models.execution import OPEN
from functions.models.image import ImageState
from functions.models.pool_entry import PoolKind, PoolState
from functions.pool import kept

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions.build.platform import Platform

logger = logging.getLogger(__name__)

OWNED = (PoolState.STARTING, PoolState.CLAIMED)  # states in which a process is at a kept container
GRACE_S = 60  # a call ends its own container long before that


def sweep(platform: Platform) -> None:
    """One pass. Safe to run twice at once."""
    for step in (expire_leases, retire_kept, remove_containers, remove_images, remove_channels, remove_work):
        _alone(step, platform)


def _alone(work: Callable[..., None], *arguments: Any) -> None:
    try:
        work(*arguments)
    except Exception:
        logger.exception("upkeep: %s failed; the next sweep tries again", getattr(work, "__name__", work))


def expire_leases(platform: Platform) -> None:
    """Rows whose process died get an end, at once; those of an unknown process when their lease is over."""
    now = timezone.now()
    Image.objects.filter(node=platform.node).expire(now)
    calls = Execution.objects.filter(node=platform.node)
    calls.overdue(now).abandon()
    for owner in calls.owners():
        if not liveness.is_alive(owner):
            calls.filter(owner=owner).abandon()
    liveness.forget_dead()


def retire_kept(platform: Platform) -> None:
    """Kept containers that were idle for long, are at their end, or were left by a process that died."""
    now = timezone.now()
    idle_since = now - timedelta(seconds=settings.WF_NETWORK_IDLE_SECONDS)
    for entry in PoolEntry.objects.retired(platform.node, idle_since, now):
        _alone(_retire, entry, platform)
    for entry in PoolEntry.objects.filter(node=platform.node, state__in=OWNED):
        if not liveness.is_alive(entry.owner):
            _alone(_retire, entry, platform)


def _retire(entry: PoolEntry, platform: Platform) -> None:
    if entry.state == PoolState.REMOVING or PoolEntry.objects.begin_removal(entry):
        kept.finish(entry, platform)


def remove_all_kept(platform: Platform) -> None:
    """For the time when no call of this node is under way: at its start and at its stop."""
    for entry in PoolEntry.objects.filter(node=platform.node):
        _alone(_retire, entry, platform)


def remove_containers(platform: Platform) -> None:
    """Containers of calls that have ended, and network holders without a row."""
    kept = set(PoolEntry.objects.filter(node=platform.node).values_list("container_id", flat=True))
    for container in _grown(platform.engine.containers(_ours(platform))):
        if _is_made_by_us(container) and container["Id"] not in kept and not _serves(container):
            _alone(platform.engine.remove, container["Id"])


def _is_made_by_us(container: dict[str, Any]) -> bool:
    """A container that somebody starts by hand from an image of ours inherits the image's labels, but is theirs."""
    return labels.EXECUTION in container["Labels"] or container["Labels"].get(labels.ROLE) in PoolKind.values


def _serves(container: dict[str, Any]) -> bool:
    return _is_open(container["Labels"].get(labels.EXECUTION, ""))


def remove_images(platform: Platform) -> None:
    """Finished images that no row names, such as the last version's. Not while a build is about to name one."""
    rows = Image.objects.filter(node=platform.node)
    if rows.filter(state=ImageState.BUILDING).exists():
        return
    found = platform.engine.images({**_ours(platform), labels.ROLE: "function"})
    named = set(rows.values_list("image_id", flat=True))
    for image in _grown(found):
        if image["Id"] not in named:
            _alone(platform.engine.remove_image, image["Id"])


def remove_channels(_platform: Platform) -> None:
    """Channel folders of calls that have ended; a folder is named after its execution."""
    for folder in _old(settings.WF_HOME / "channels", GRACE_S):
        if not _is_open(folder.name.partition("-")[0]):
            _alone(_remove_folder, folder)


def remove_work(_platform: Platform) -> None:
    """Folders of builds that were killed."""
    for folder in _old(settings.WF_HOME / "work", 2 * settings.WF_BUILD_TIMEOUT_SECONDS):
        _alone(_remove_folder, folder)


def _ours(platform: Platform) -> dict[str, str]:
    return {labels.INSTANCE: platform.instance, labels.NODE: platform.node}


def _grown(things: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [thing for thing in things if thing["Created"] < time.time() - GRACE_S]


def _old(parent: Path, age_s: float) -> list[Path]:
    return [path for path in parent.iterdir() if path.exists() and path.stat().st_mtime < time.time() - age_s]


def _is_open(execution: str) -> bool:
    try:
        return Execution.objects.filter(pk=uuid.UUID(execution), state__in=OPEN).exists()
    except ValueError:
        return False


def _remove_folder(folder: Path) -> None:
    folder.chmod(0o700)
    shutil.rmtree(folder)
