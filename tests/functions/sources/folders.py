"""What is in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def names_in(folder: Path) -> list[str]:
    """Everything in the folder, hidden files included, sorted."""
    return sorted(path.name for path in folder.iterdir())
