"""What a source of function packages is. No I/O here: folder.py, bucket.py and http.py do that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from functions.errors import FunctionNotFound, InvalidName

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SUFFIX = ".zip"
LIST = "lists.txt"  # the names of functions, for those who want all of them
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Stat:
    """One state of a package in its storage.

    `etag` is another one whenever the object is. `stat` gives "" when the storage offers no such mark: then only a
    fetch can tell, and its etag is a digest of the content. So "" equals nothing that a fetch ever gave.
    """

    etag: str
    size: int  # bytes; -1 when `stat` cannot know it


class Source(Protocol):
    """A storage of packages, each an object `<name>.zip`.

    All raise InvalidName for a name that is none, and StorageUnavailable when the storage does not do its part.
    """

    def stat(self, name: str) -> Stat | None:
        """The package's state now; None when there is none."""

    def fetch(self, name: str, to: Path) -> Stat:
        """Writes the package to `to`, whole or not at all; the state of what was written.

        Raises FunctionNotFound, SourceInvalid (too large) and DiskFull.
        """

    def save(self, name: str, from_path: Path) -> None:
        """Puts a package in its place, in one step. Raises SourceInvalid (too large), Forbidden, DiskFull."""

    def names(self) -> list[str]:
        """The functions that the storage has, sorted. Raises Forbidden when it cannot be listed."""

    def list_file(self) -> bytes | None:
        """What its LIST says; None when there is none. Raises SourceInvalid (too large)."""


def object_name(name: str) -> str:
    """The object that holds this function's package. Raises InvalidName: a name is never a path."""
    if not _NAME.fullmatch(name):
        raise InvalidName
    return name + SUFFIX


def function_names(object_names: Iterable[str]) -> list[str]:
    """The functions among these objects; objects of other names are none of ours."""
    stems = (name.removesuffix(SUFFIX) for name in object_names if name.endswith(SUFFIX))
    return sorted(stem for stem in stems if _NAME.fullmatch(stem))


def missing(name: str) -> FunctionNotFound:
    """The error for a package that is not there."""
    return FunctionNotFound(f"The source storage has no {object_name(name)}.")
