"""Looks at the node: engine and disk first, rows after them, as a sweep does. Then the rules are asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from functions import liveness
from functions.engine.docker import NoSuchImage
from functions.models import Configuration, Execution, Image, PoolEntry
from functions.models.execution import OPEN
from functions.models.image import ImageState
from functions.upkeep import files, found, images
from functions.upkeep.containers import OWNED
from functions.upkeep.doctor import database, processes
from functions.upkeep.doctor.node import Call, Container, Kept, Node, Row
from functions.upkeep.doctor.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from functions.build.platform import Platform

LATEST = 10_000  # so many ended calls are looked at
PASSING_S = 7.0  # as long as two sweeps are apart, and one takes: what passes by itself has passed then
PAUSE_S = 1.0

Findings = dict[str, list[str]]


def examine(platform: Platform) -> Findings:
    """What breaks each rule, by its id. Counts what is there at every look: the rest was on its way.

    Raises EngineUnavailable.
    """
    deadline = time.monotonic() + PASSING_S
    lasting = judge(look(platform))
    while any(lasting.values()) and time.monotonic() < deadline:
        time.sleep(PAUSE_S)
        now = judge(look(platform))
        lasting = {rule: [line for line in lines if line in now[rule]] for rule, lines in lasting.items()}
    return lasting


def judge(node: Node) -> Findings:
    """Every rule's findings. Pure."""
    return {rule.id: list(rule.find(node)) for rule in RULES}


def look(platform: Platform) -> Node:
    """Raises EngineUnavailable."""
    containers = [one for one in found.look(platform).containers if one.is_made_by_us]
    finished = tuple(images.finished(platform))
    labelled = {image["Id"] for image in platform.engine.images(found.ours(platform))}
    layers = tuple(images.layers(platform))
    channels, work = (files.folders_in(room) for room in ("channels", "work"))
    now = timezone.now()
    return Node(
        containers=tuple(_container(one) for one in containers),
        images=finished,
        layers=layers,
        calls=tuple(_calls(platform.node, now)),
        kept=tuple(_kept(entry, now) for entry in PoolEntry.objects.filter(node=platform.node)),
        rows=tuple(
            _row(row, labelled, platform, now) for row in Image.objects.without_log().filter(node=platform.node)
        ),
        channels=tuple(folder.name for folder in channels if not files.is_call_at(folder.name)),
        work=tuple(folder.name for folder in work),
        channels_folder=str(settings.WF_HOME / "channels"),
        size_limit=_size_limit(platform.node),
        processes=processes.look(),
        bounds=processes.bounds(),
        database_faults=tuple(database.faults()),
    )


def _size_limit(node: str) -> int:
    """Without making the row that is not there yet."""
    configured = Configuration.objects.filter(node=node).first()
    return configured.user_code_size_limit if configured else settings.USER_CODE_SIZE_LIMIT


def _container(one: found.Listed) -> Container:
    return Container(one.id, one.name, one.execution or "", not one.has_ended, one.folders)


CALL = ("pk", "state", "start_type", "container_name", "started_at", "finished_at", "status_code", "error_code")
LEASE = ("owner", "lease_expires_at")


def _calls(node: str, now: datetime) -> Iterator[Call]:
    """All open ones, and the latest of the others."""
    calls = Execution.objects.filter(node=node)
    ended = calls.exclude(state__in=OPEN).order_by("-queued_at")
    yield from (_call(row, now) for row in calls.open().values(*CALL, *LEASE))
    yield from (_call(row, now) for row in ended.values(*CALL, *LEASE)[:LATEST])


def _call(row: Mapping[str, Any], now: datetime) -> Call:
    return Call(
        id=str(row["pk"]),
        state=row["state"],
        start_type=row["start_type"],
        container=row["container_name"],
        has_begun=row["started_at"] is not None,
        has_finished=row["finished_at"] is not None,
        has_status=row["status_code"] is not None,
        error_code=row["error_code"],
        is_left=row["state"] in OPEN
        and (_is_over(row["lease_expires_at"], now) or not liveness.is_alive(row["owner"])),
    )


def _kept(entry: PoolEntry, now: datetime) -> Kept:
    is_left = _is_over(entry.lease_expires_at, now) or (entry.state in OWNED and not liveness.is_alive(entry.owner))
    return Kept(entry.container_name, entry.state, entry.container_id, entry.folder, is_left)


def _row(row: Image, labelled: Collection[str], platform: Platform, now: datetime) -> Row:
    is_foreign = row.state == ImageState.READY and row.image_id not in labelled and _exists(row.image_id, platform)
    return Row(
        row.tag,
        row.state,
        row.image_id,
        row.code_size,
        is_left=row.is_in_progress and row.is_overdue(now),
        is_foreign=is_foreign,
    )


def _exists(image_id: str, platform: Platform) -> bool:
    try:
        platform.engine.image(image_id)
    except NoSuchImage:
        return False
    return True


def _is_over(lease: datetime | None, now: datetime) -> bool:
    return lease is not None and lease < now
