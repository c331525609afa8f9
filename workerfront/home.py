"""The state folder WF_HOME: made on first use, private to its owner, with the secrets that name this instance."""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOMS = ("cache", "channels", "functions", "processes", "uploads", "work")


def prepare(home: Path) -> Path:
    """Makes the folder and its rooms (0700) when they are missing; returns it."""
    for folder in (home, *(home / room for room in ROOMS)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


class Held(Exception):
    """A worker runs on this folder."""


@contextmanager
def held(home: Path) -> Iterator[None]:
    """The folder is ours alone for a `with` block, to the end of this process at the latest. Raises Held."""
    with (home / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Held from error
        yield


def is_held(home: Path) -> bool:
    """Does a worker run on this folder?"""
    try:
        with held(home):
            return False
    except Held:
        return True


def remembered(path: Path, length: int) -> str:
    """The text in `path` (0600): at first `length` random bytes as hex. Safe when several processes begin at once."""
    if not path.exists():
        _write_once(path, secrets.token_hex(length))
    return path.read_text().strip()


def _write_once(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    try:
        os.link(draft, path)  # fails when another process was first: then its text counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()
