"""What a worker works with: made once at the edge (a view, a task, a command) and handed down."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.conf import settings

from functions.engine.docker import Engine, connect
from functions.sources.storage import Source, open_source


@dataclass(frozen=True)
class Platform:
    """The engine, the source storage, and who we are."""

    engine: Engine
    source: Source
    node: str
    instance: str


@cache
def platform() -> Platform:
    """The platform of this process."""
    return Platform(connect(), open_source(settings.WF_SOURCE_URL), settings.WF_NODE, settings.WF_INSTANCE)
