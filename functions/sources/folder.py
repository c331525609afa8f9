"""Packages in a folder of this machine, through Django's FileSystemStorage."""

from __future__ import annotations

import io
import secrets
import stat as modes
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.core.files import File

from functions.errors import SourceInvalid, StorageUnavailable
from functions.sources.files import disk_full, whole_file
from functions.sources.limits import FETCH_LIMITS, FetchLimits
from functions.sources.source import LIST, Stat, function_names, missing, object_name
from functions.sources.transfer import Deadline, check_size, copy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.files.storage import FileSystemStorage

TRIES = 3  # of a package that somebody writes while we read


class FolderSource:
    """A Source over a folder."""

    def __init__(self, storage: FileSystemStorage, limits: FetchLimits = FETCH_LIMITS) -> None:
        self._storage = storage
        self._limits = limits

    def stat(self, name: str) -> Stat | None:
        with _reported():
            return self._stat(object_name(name))

    def fetch(self, name: str, to: Path) -> Stat:
        key, deadline = object_name(name), Deadline(self._limits.whole_s)
        with _reported(), whole_file(to) as target:
            for _ in range(TRIES):
                found = self._stat(key)
                if found is None:
                    raise missing(name)
                if self._copied(key, target, found, deadline):
                    return found
            raise StorageUnavailable(f"{key} changes while it is read. Try again when it is complete.")

    def save(self, name: str, from_path: Path) -> None:
        key = object_name(name)
        check_size(key, from_path.stat().st_size, self._limits.size)
        draft = f".{key}.{secrets.token_hex(8)}"
        with from_path.open("rb") as content, _reported(), disk_full():
            try:
                self._storage.save(draft, File(content))
                Path(self._storage.path(draft)).replace(self._storage.path(key))
            except BaseException:
                self._storage.delete(draft)
                raise

    def names(self) -> list[str]:
        with _reported():
            return function_names(self._storage.listdir("")[1])

    def list_file(self) -> bytes | None:
        content = io.BytesIO()
        with _reported():
            found = self._stat(LIST)
            if found is None:
                return None
            with self._storage.open(LIST) as listed:
                copy(LIST, listed.read, content, self._limits.list_size, Deadline(self._limits.whole_s))
        return content.getvalue()

    def _stat(self, key: str) -> Stat | None:
        try:
            found = Path(self._storage.path(key)).stat()
        except FileNotFoundError:
            self._require_folder()
            return None
        if not modes.S_ISREG(found.st_mode):  # opening a pipe would wait for its writer
            raise SourceInvalid(f"{key} is not a plain file.")
        return Stat(f"{found.st_mtime_ns:x}-{found.st_size:x}-{found.st_ino:x}", found.st_size)

    def _require_folder(self) -> None:
        if not Path(self._storage.location).is_dir():
            raise StorageUnavailable("The source folder does not exist. Make it, or deploy a function into it.")

    def _copied(self, key: str, target: BinaryIO, found: Stat, deadline: Deadline) -> bool:
        """False when the object was no longer the one that was found at the end of the reading."""
        check_size(key, found.size, self._limits.size)
        target.seek(0)
        target.truncate()
        with self._storage.open(key) as package:
            received = copy(key, package.read, target, self._limits.size, deadline)
        return received.size == found.size and self._stat(key) == found


@contextmanager
def _reported() -> Iterator[None]:
    """No OSError leaves this module, and no message of ours names a path of this machine."""
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(f"The source folder cannot be used: {error.strerror or 'unknown error'}.") from error
