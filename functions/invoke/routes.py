"""Where a function's calls go, remembered between calls for as long as nothing has changed on this node."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions import generation
from functions.build import catalog, images
from functions.models import Configuration, Image, PoolEntry
from functions.models.function import Isolation
from functions.models.pool_entry import PoolState
from functions.pool import kept
from functions.pool.options import Options, resolve

if TYPE_CHECKING:
    from functions.build.platform import Platform
    from functions.models import Function
    from functions.pool.container import Container

AGE_LIMIT_S = 1.0  # for what another node has changed in a shared database
PIN_INTERVAL_S = 0.2  # so exact is the order in which images were used


@dataclass
class Warm:
    """A long-lived container that serves the function as it is wanted now."""

    image: Image
    options: Options
    entry: PoolEntry  # one object for all these calls, as the container is
    container: Container
    pinned: float = 0.0  # `time.monotonic()`

    def pin(self) -> bool:
        """The image is in use. False when it is no longer there."""
        now = time.monotonic()
        if now < self.pinned + PIN_INTERVAL_S:
            return True
        self.pinned = now
        return Image.objects.pin(self.image.pk, self.image.version)


@dataclass
class Route:
    """The function, this node's configuration, and its long-lived container when it has one."""

    function: Function
    configuration: Configuration
    warm: Warm | None
    generation: int
    read_at: float  # `time.monotonic()`

    @property
    def holds(self) -> bool:
        return self.generation == generation.current() and time.monotonic() < self.read_at + AGE_LIMIT_S


_known: dict[str, Route] = {}


def find(name: str, platform: Platform) -> Route:
    """Raises FunctionNotFound."""
    key = name.lower()
    route = _known.get(key)
    if route is None or not route.holds:
        route = _known[key] = _read(name, platform)
    return route


def _read(name: str, platform: Platform) -> Route:
    mark, now = generation.current(), time.monotonic()
    function = catalog.find(name, platform.source)
    configuration = Configuration.objects.of(platform.node)
    return Route(function, configuration, _warm(function, configuration, platform), mark, now)


def _warm(function: Function, configuration: Configuration, platform: Platform) -> Warm | None:
    image = Image.objects.of(function, platform.node)
    if not images.is_usable(image):
        return None
    options = resolve(function, image, rest_mode=configuration.using_rest_mode)
    entry = PoolEntry.objects.long_lived(image) if options.isolation != Isolation.CONTAINER else None
    is_serving = entry and entry.state == PoolState.SERVING and entry.fingerprint == options.fingerprint(image)
    return Warm(image, options, entry, kept.container_of(entry, platform)) if entry and is_serving else None
