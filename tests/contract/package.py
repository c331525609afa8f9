"""The contract's packages: real source files below packages/<language>/, with a config.json made for a test."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from runtimes import registry

PACKAGES = Path(__file__).parent / "packages"

Files = dict[str, "str | bytes"]


def language(runtime: str) -> str:
    """`python3.7` -> `python`."""
    found = re.match("[a-z]+", runtime)
    assert found, runtime
    return found[0]


def runtimes_of(wanted: str) -> list[str]:
    """The registered runtimes of a language; there must be some, or tests would be left out without a word."""
    found = [name for name in registry.names() if language(name) == wanted]
    assert found, f"no runtime of {wanted} is registered"
    return found


def function_name(prefix: str, runtime: str) -> str:
    """`Contract`, `python3.7` -> `ContractPython37`."""
    return prefix + runtime.title().replace(".", "")


def package(runtime: str, **config: Any) -> Files:
    """The files of the contract's function for this runtime. A runtime of an unknown language fails here."""
    folder = PACKAGES / language(runtime)
    sources: Files = {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources, f"{folder} has no files: every registered runtime keeps the contract"
    return {"config.json": json.dumps({"environment": runtime, **config}), **sources}
