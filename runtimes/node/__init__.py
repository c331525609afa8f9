"""The Node runtimes: their Dockerfile template and agent lie beside this file."""

from __future__ import annotations

from pathlib import Path

from runtimes.base import ALL_MODES, Runtime

FOLDER = Path(__file__).parent


def version(name: str) -> Runtime:
    """The Node runtime of this name, such as node12. Raises ValueError for another form of name."""
    major = name.removeprefix("node")
    if not major.isdecimal():
        raise ValueError(f"{name!r} is no Node runtime: the name is node<major version>, such as node20")
    return Runtime(
        name=name,
        base_image=f"node:{major}-slim",
        template=FOLDER / "node.Dockerfile",
        modes=ALL_MODES,
        agent=FOLDER / "agent",
        handler="index.handle",
        aliases=(f"nodejs{major}",),
        manifest="package.json",
        manifest_companions=("package-lock.json", "npm-shrinkwrap.json"),
        vendored=("node_modules/*",),
        build_variables=("npm_config_registry", "NPM_CONFIG_REGISTRY"),
    )
