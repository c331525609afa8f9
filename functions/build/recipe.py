"""How an image of a runtime is made: its Dockerfile, and the operator's variables that its build may see."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from string import Template
from typing import TYPE_CHECKING

from django.conf import settings

from functions.errors import BuildFailed, RuntimeUnknown, SourceInvalid
from runtimes import registry

if TYPE_CHECKING:
    from functions.engine.labels import Labels
    from runtimes.base import Runtime


REFERENCE = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*")
SEPARATORS = re.compile(r"[^a-z0-9]+")


def runtime(name: str) -> Runtime:
    """The registered runtime of this name or alias. Raises RuntimeUnknown, which lists the known ones."""
    try:
        return registry.get(name)
    except registry.UnknownRuntimeError as error:
        raise RuntimeUnknown(str(error)) from error


def refuse_impossible(runtime: Runtime, network: bool, isolation: str | None) -> None:
    """Raises SourceInvalid for what this runtime's agent cannot do: no network over TCP, an unknown isolation level."""
    if runtime.channel == "tcp" and not network:
        raise SourceInvalid(
            f"config.json /network: {runtime.name} is reached over TCP and needs a network; 'none' needs a runtime "
            "with unix sockets, such as a newer version of the language."
        )
    if isolation and isolation not in runtime.modes:
        raise SourceInvalid(
            f"config.json /isolation: the agent of {runtime.name} knows {', '.join(runtime.modes)}, not {isolation!r}."
        )


@cache
def digest(runtime: Runtime) -> str:
    """Of what a build is made of besides the package: an image of another one is built anew."""
    content = hashlib.sha256(f"{runtime.name} {runtime.base_image}".encode())
    for path in [runtime.template, *sorted(runtime.agent.rglob("*"))]:
        if path.is_file() and "__pycache__" not in path.parts:
            content.update(f"{path.name} ".encode() + path.read_bytes())
    return content.hexdigest()[:16]


def reference(name: str) -> str:
    """A name that the engine takes for an image: the name itself, or for odd ones such as hf_a___b a near one."""
    if REFERENCE.fullmatch(name):
        return name
    return f"{SEPARATORS.sub('-', name).strip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def dockerfile(runtime: Runtime, labels: Labels) -> str:
    """The runtime's template, filled in. Raises BuildFailed when the plugin's template is broken."""
    pairs = " ".join(f'{key}="{value}"' for key, value in labels.items())
    try:
        return Template(runtime.template.read_text()).substitute(base_image=runtime.base_image, labels=pairs)
    except (OSError, ValueError, KeyError) as error:
        raise BuildFailed(f"The Dockerfile template of runtime {runtime.name} is broken: {error!r}.") from error


def build_arguments(runtime: Runtime) -> dict[str, str]:
    """Those of the runtime's build variables that the operator has set."""
    given = settings.WF_BUILD_VARIABLES
    return {name: given[name] for name in runtime.build_variables if given.get(name)}
