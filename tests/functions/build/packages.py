"""Packages on disk for tests."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FIXED_TIME = (2026, 1, 1, 0, 0, 0)
PYTHON = {
    "config.json": '{"environment": "python3.12"}',
    "main.py": "def lambda_handler(event, context):\n    return event\n",
}
NODE = {
    "config.json": '{"environment": "node12"}',
    "index.js": "exports.handle = (event) => event;\n",
}


def package(folder: Path, name: str = "W1", files: dict[str, str] = PYTHON, *, top: bool = False) -> Path:
    """A zip of these files, in a top folder of its name if wanted. Equal files give equal bytes."""
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, text in files.items():
            archive.writestr(zipfile.ZipInfo(f"{name}/{entry}" if top else entry, FIXED_TIME), text)
    return path
