"""Reading a package (a zip on disk) that its sender may have forged, and making one.

Nothing that the archive says about itself is believed: names and kinds are checked before anything is read, sizes
while reading. Every refusal is a SourceInvalid that names the entry.
"""

from __future__ import annotations

import copy
import os
import shutil
import stat
import struct
import sys
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, NoReturn, Self
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from functions.errors import SourceInvalid
from functions.sources import entries
from functions.sources.files import whole_file
from functions.sources.limits import ARCHIVE_LIMITS, ArchiveLimits, readable

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 64 << 10
DIRECTORY_PER_ENTRY = 512  # bytes of the archive's own directory for an entry: more than any real one needs on average
JUNK_FOLDERS = {"__MACOSX"}
JUNK_FILES = {".DS_Store"}
NOT_PACKED = {".git", "__pycache__"}  # histories and caches are no part of a function
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_END = struct.Struct("<4s4H2LH")  # the record that ends a zip
_END_SIGNATURE, _ZIP64_SIGNATURE, _ZIP64_SIZE = b"PK\5\6", b"PK\6\7", 20
_COMMENT_MAX = 0xFFFF
_DAMAGED = (
    BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    EOFError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class PackedFile:
    """A file of a package. `path` is relative to the function's root, `size` in bytes."""

    path: str
    size: int
    executable: bool
    entry: ZipInfo = field(repr=False, compare=False)


class Package:
    """A checked package, open for reading; a context manager. Not for several threads at once."""

    def __init__(self, archive: ZipFile, files: tuple[PackedFile, ...]) -> None:
        self._archive = archive
        self.files = files

    def chunks(self, file: PackedFile) -> Iterator[bytes]:
        """The content, piece by piece. Raises SourceInvalid when it is damaged or not of the size that it claims."""
        left = file.size
        with self._opened(file) as content:
            while chunk := _piece(content, file):
                left -= len(chunk)
                if left < 0:
                    raise entries.refuse(file.entry.orig_filename, "is larger than it claims")
                yield chunk
        if left:
            raise entries.refuse(file.entry.orig_filename, "is shorter than it claims")

    def content(self, path: str, at_most: int) -> bytes | None:
        """A small file as a whole; None when there is none. Raises SourceInvalid above `at_most` bytes."""
        file = next((file for file in self.files if file.path == path), None)
        if file is None:
            return None
        if file.size > at_most:
            raise entries.refuse(file.entry.orig_filename, f"is larger than {readable(at_most)}")
        return b"".join(self.chunks(file))

    def _opened(self, file: PackedFile) -> IO[bytes]:
        entry = copy.copy(file.entry)
        entry.file_size = sys.maxsize  # zipfile would stop at the claimed size without a word; `chunks` counts itself
        with _damage_named(file):
            return self._archive.open(entry)

    def close(self) -> None:
        """Ends the reading."""
        self._archive.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def read(path: Path, name: str, limits: ArchiveLimits = ARCHIVE_LIMITS) -> Package:
    """Opens the package of the function `name`, every entry's name, kind and claims checked. Raises SourceInvalid.

    A single top folder of the function's name is stripped; folders without files and the litter of macOS are left out.
    """
    with path.open("rb") as file:
        _check_outline(file, limits)
    archive = _opened(path)
    try:
        return Package(archive, _files(archive.infolist(), name, path.stat().st_size, limits))
    except BaseException:
        archive.close()
        raise


def pack(folder: Path, name: str, to: Path, limits: ArchiveLimits = ARCHIVE_LIMITS) -> None:
    """Makes the package of a folder; equal folders give equal bytes. Raises SourceInvalid for what `read` would refuse.

    `.git`, `__pycache__` and the litter of macOS are left out.
    """
    files = sorted(_plain_files(folder, limits))
    with whole_file(to) as target:
        with ZipFile(target, "w", ZIP_DEFLATED) as archive:
            for relative in files:
                _add(archive, folder / relative, f"{name}/{relative}")
        target.flush()
        read(Path(target.name), name, limits).close()


def _check_outline(file: BinaryIO, limits: ArchiveLimits) -> None:
    """The archive's size, and that of its directory: zipfile would make an object for each of a million entries."""
    size = file.seek(0, os.SEEK_END)
    if size > limits.packed:
        raise SourceInvalid(f"The package is larger than {readable(limits.packed)}.")
    file.seek(-min(size, _COMMENT_MAX + _END.size + _ZIP64_SIZE), os.SEEK_END)
    tail = file.read()
    start = tail.rfind(_END_SIGNATURE)
    if start < 0 or len(tail) < start + _END.size:
        raise SourceInvalid("The package is not a zip file, or it was cut off.")
    *_, directory_size, _offset, comment_size = _END.unpack_from(tail, start)
    if len(tail) != start + _END.size + comment_size:
        raise SourceInvalid("The package has something behind the end of its zip file, or it was cut off.")
    if tail[max(0, start - _ZIP64_SIZE) : start].startswith(_ZIP64_SIGNATURE):
        raise SourceInvalid("The package has ZIP64 records. It is too small to need them.")
    if directory_size > limits.entries * DIRECTORY_PER_ENTRY:
        raise SourceInvalid(f"The package has more than {limits.entries} entries, or a directory as large as theirs.")


def _opened(path: Path) -> ZipFile:
    try:
        return ZipFile(path, metadata_encoding="utf-8")
    except UnicodeDecodeError as error:
        name = error.object.decode("latin-1")
        raise entries.refuse(name, "has a name that is not UTF-8") from None
    except _DAMAGED as error:
        raise SourceInvalid(f"The package is not a zip file that can be read: {entries.shown(str(error))}.") from error


def _files(listed: list[ZipInfo], name: str, packed: int, limits: ArchiveLimits) -> tuple[PackedFile, ...]:
    if len(listed) > limits.entries:
        raise SourceInvalid(f"The package has more than {limits.entries} entries.")
    _check_entries(listed, packed, limits)
    wanted = [entry for entry in listed if not entries.is_folder(entry) and not _is_junk(entry.orig_filename)]
    if not wanted:
        raise SourceInvalid("The package holds no files.")
    top = f"{name}/"
    is_nested = all(entry.orig_filename.startswith(top) for entry in wanted)
    return tuple(_packed_file(entry, top if is_nested else "") for entry in wanted)


def _check_entries(listed: list[ZipInfo], packed: int, limits: ArchiveLimits) -> None:
    packed_total, unpacked_total = 0, 0
    for entry in listed:
        entries.check_entry(entry, limits)
        packed_total += entry.compress_size
        unpacked_total += entry.file_size
        if packed_total > packed or not 0 <= entry.header_offset < packed:
            raise entries.refuse(entry.orig_filename, "lies outside of the package or over another entry")
        if unpacked_total > limits.unpacked:
            raise entries.refuse(entry.orig_filename, f"brings the unpacked size above {readable(limits.unpacked)}")
    entries.check_together(entry.orig_filename for entry in listed)


def _packed_file(entry: ZipInfo, top: str) -> PackedFile:
    is_executable = bool(entries.mode(entry) & stat.S_IXUSR)
    return PackedFile(entry.orig_filename.removeprefix(top), entry.file_size, is_executable, entry)


def _is_junk(name: str) -> bool:
    parts = name.split("/")
    return parts[0] in JUNK_FOLDERS or parts[-1] in JUNK_FILES


def _piece(content: IO[bytes], file: PackedFile) -> bytes:
    with _damage_named(file):
        return content.read(CHUNK)


@contextmanager
def _damage_named(file: PackedFile) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise entries.refuse(file.entry.orig_filename, f"is damaged ({type(error).__name__})") from error


def _plain_files(folder: Path, limits: ArchiveLimits) -> Iterator[str]:
    """Relative paths of the files below a folder. Raises SourceInvalid for links, pipes, and more than the limit."""
    total = 0
    for relative, found in _below(folder):
        entries.check_name(relative, limits)
        if stat.S_ISDIR(found.st_mode):
            continue
        if not stat.S_ISREG(found.st_mode):
            raise entries.refuse(relative, "is a link, or neither a plain file nor a folder")
        total += found.st_size
        if total > limits.unpacked:
            raise entries.refuse(relative, f"brings the unpacked size above {readable(limits.unpacked)}")
        yield relative


def _below(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    for parent, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if name not in NOT_PACKED | JUNK_FOLDERS]
        for name in [*folders, *(name for name in files if name not in JUNK_FILES)]:
            path = Path(parent, name)
            yield path.relative_to(folder).as_posix(), path.lstat()


def _raise(error: OSError) -> NoReturn:
    raise error


def _add(archive: ZipFile, path: Path, name: str) -> None:
    entry = ZipInfo(name, FIXED_TIME)
    entry.create_system = _UNIX
    entry.compress_type = ZIP_DEFLATED
    is_executable = path.stat().st_mode & stat.S_IXUSR
    entry.external_attr = (stat.S_IFREG | (0o755 if is_executable else 0o644)) << 16
    with path.open("rb") as source, archive.open(entry, "w") as target:
        shutil.copyfileobj(source, target)
