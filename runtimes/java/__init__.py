"""The Java runtimes: their Dockerfile template and agent lie beside this file."""

from __future__ import annotations

from pathlib import Path

from runtimes.base import ALL_MODES, Runtime

FOLDER = Path(__file__).parent
FIRST_WITH_UNIX_SOCKETS = 16


def version(name: str) -> Runtime:
    """The Java runtime of this name, such as java8. Raises ValueError for another form of name."""
    major = name.removeprefix("java")
    if major == name or not major.isdecimal():
        raise ValueError(f"{name!r} is no Java runtime: the name is java<major version>, such as java17")
    return Runtime(
        name=name,
        base_image=f"openjdk:{major}-jdk-slim",
        template=FOLDER / "java.Dockerfile",
        modes=ALL_MODES,
        agent=FOLDER / "agent",
        handler="main.Main.lambda_handler",
        channel="unix" if int(major) >= FIRST_WITH_UNIX_SOCKETS else "tcp",
    )
