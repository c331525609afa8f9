"""Functions whose pools a test fills: how they are used, and what they keep. On a fake engine."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from functions.models import Configuration, Image, PoolEntry
from functions.models.image import ImageState
from functions.models.pool_entry import PoolState
from tests.functions.models import rows

if TYPE_CHECKING:
    from tests.functions.fake_engine import FakeEngine


def configure(functions: int, containers: int, **values: Any) -> None:
    seen = Configuration.objects.of("test-node")
    assert Configuration.objects.change(seen, container_pool_limit=functions, container_pool_num=containers, **values)


def used(engine: FakeEngine, name: str, minutes_ago: int, **fields: Any) -> Image:
    """A READY image of a function, last used so many minutes ago."""
    last_used_at = timezone.now() - timedelta(minutes=minutes_ago)
    known = {"image_id": f"sha256:{name}", "last_used_at": last_used_at, **fields}
    engine.built[known["image_id"]] = {}
    return rows.image(ImageState.READY, rows.function(name), **known)


def idle() -> dict[str, int]:
    """How many containers each function keeps."""
    found: dict[str, int] = {}
    for entry in PoolEntry.objects.filter(state=PoolState.IDLE).select_related("image__function"):
        assert entry.image
        found[entry.image.function.name] = found.get(entry.image.function.name, 0) + 1
    return found
