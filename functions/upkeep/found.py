"""The engine's list of our containers, taken once for a sweep and BEFORE the rows are read.

A row exists before its container and ends after it. So a container in the list that no row names now is an orphan, and
no grace is needed. The other way round it does not hold: a row's container may have come after the list was taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.engine import labels
from functions.models.pool_entry import PoolKind

if TYPE_CHECKING:
    from functions.build.platform import Platform


@dataclass(frozen=True)
class Listed:
    """A container with our labels, whoever made it."""

    id: str
    name: str
    image_id: str
    execution: str | None
    role: str
    has_ended: bool
    folders: tuple[str, ...] = ()  # of the host, mounted into it

    @property
    def is_made_by_us(self) -> bool:
        """A container that somebody starts by hand from an image of ours inherits the image's labels, but is theirs."""
        return self.execution is not None or self.role in PoolKind.values


@dataclass(frozen=True)
class Found:
    """What the engine had on our node."""

    platform: Platform
    containers: tuple[Listed, ...]

    def used_by_others(self) -> set[str]:
        """Images of ours from which somebody has started a container by hand."""
        return {container.image_id for container in self.containers if not container.is_made_by_us}


def look(platform: Platform) -> Found:
    """Raises EngineUnavailable."""
    return Found(platform, tuple(_listed(entry) for entry in platform.engine.containers(ours(platform))))


def ours(platform: Platform) -> dict[str, str]:
    """The labels by which everything of this node is found."""
    return {labels.INSTANCE: platform.instance, labels.NODE: platform.node}


def _listed(entry: dict[str, Any]) -> Listed:
    names = entry["Names"] or [""]  # none while it is being removed
    return Listed(
        id=entry["Id"],
        name=names[0].removeprefix("/"),
        image_id=entry["ImageID"],
        execution=entry["Labels"].get(labels.EXECUTION),
        role=entry["Labels"].get(labels.ROLE, ""),
        has_ended=entry["State"] in ("exited", "dead"),
        folders=tuple(mount["Source"] for mount in entry["Mounts"] if mount["Type"] == "bind"),
    )
