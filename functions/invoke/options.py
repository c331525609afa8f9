"""What holds for a call: the function's own fields, else its package's config.json, else the node's defaults. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

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


def resolve(function: Function, image: Image) -> Options:
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
    )
