"""What holds for a call: the function's own fields, else its package's config.json, else the node's defaults. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from functions.build import recipe
from functions.models.function import Isolation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.models import Function, Image


@dataclass(frozen=True)
class Options:
    """Timeout in seconds, memory in bytes."""

    handler: str
    timeout_s: int
    memory: int
    environment: Mapping[str, str]
    network: bool
    isolation: Isolation

    def fingerprint(self, image: Image) -> str:
        """Of everything that a container is started with: a kept container of another one serves no call."""
        node = {"cpus": settings.WF_FUNCTION_CPUS, "calls": settings.WF_CONTAINER_CONCURRENCY}
        started_with = {**asdict(self), "timeout_s": None, "image": image.image_id, **node}
        return hashlib.sha256(json.dumps(started_with, sort_keys=True).encode()).hexdigest()[:32]


def resolve(function: Function, image: Image, *, rest_mode: bool) -> Options:
    """The options of one call of this image; the operator's maximum holds over every wish."""
    config = image.config
    timeout = function.timeout or config.get("timeout") or settings.WF_FUNCTION_TIMEOUT_SECONDS
    memory = function.memory or config.get("memory") or settings.WF_FUNCTION_MEMORY
    return Options(
        handler=function.handler or config["handler"],
        timeout_s=min(timeout, settings.WF_FUNCTION_TIMEOUT_MAX_SECONDS),
        memory=min(memory, settings.WF_FUNCTION_MEMORY_MAX),
        environment={**config.get("env", {}), **function.environment},
        network=(function.network or config.get("network") or "egress") != "none",
        isolation=_isolation(function, image, rest_mode),
    )


def _isolation(function: Function, image: Image, rest_mode: bool) -> Isolation:
    """The function's choice, else the node's mode as far as the runtime's agent knows it."""
    chosen = function.isolation or image.config.get("isolation")
    if chosen:
        return Isolation(chosen)
    knows_processes = Isolation.PROCESS in recipe.runtime(image.runtime).modes
    return Isolation.PROCESS if rest_mode and knows_processes else Isolation.CONTAINER
