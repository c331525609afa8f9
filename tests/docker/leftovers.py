"""What a call or a build may leave behind: containers, channel folders, images without a name, files."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tests.contract import engine_view, records

if TYPE_CHECKING:
    from tests.worker import Reply, Worker


def of_call(worker: Worker, reply: Reply) -> list[str]:
    """Container names and channel folders of an answered call."""
    pk = uuid.UUID(records.execution(worker, reply)["id"])
    containers = engine_view.containers(worker, execution=str(pk))
    folders = (worker.home / "channels").glob(f"{pk.hex}-*")
    return [container["Names"][0] for container in containers] + [folder.name for folder in folders]


def of_builds(worker: Worker) -> list[str]:
    """Containers of build steps, images that nothing names, and files of builds; none may be under way."""
    containers = engine_view.containers(worker, role="build")
    images = engine_view.dangling(worker)
    files = (worker.home / "work").iterdir()
    return [found["Id"] for found in (*containers, *images)] + [file.name for file in files]
