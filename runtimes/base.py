"""What a runtime is: plain data about one version of one language. No behaviour, no I/O beyond its own template."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 -- a dataclass field's type is looked up at run time by tools
from typing import Literal

Channel = Literal["unix", "tcp"]
Mode = Literal["container", "process", "shared"]
ALL_MODES: tuple[Mode, ...] = ("container", "process", "shared")


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """One registered runtime version, such as python3.7.

    `template` is a Dockerfile of `string.Template` form; docs/runtimes.md lists its placeholders and the build
    context that it sees. `agent` is a folder that is copied into that context as `agent/`.
    """

    name: str  # as written in config.json "environment"
    base_image: str  # the tag that the template starts FROM
    template: Path
    agent: Path
    handler: str  # the default handler, in the language's own notation
    aliases: tuple[str, ...] = ()
    manifest: str | None = None  # the file that lists dependencies, such as requirements.txt
    manifest_companions: tuple[str, ...] = ()  # further files that the installer needs, such as package-lock.json
    vendored: tuple[str, ...] = ()  # patterns; a package with such an entry brings its dependencies itself
    build_variables: tuple[str, ...] = ()  # the operator's variables that the build sees, such as PIP_INDEX_URL
    channel: Channel = "unix"  # how the worker reaches the agent; tcp needs a network
    modes: tuple[Mode, ...] = ("container",)  # the isolation levels that the agent knows (docs/agents.md)
