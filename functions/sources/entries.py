"""What an entry of a package may be called and look like. Pure: decides on names and headers, reads nothing.

Names are refused, never mended: whoever mends `../x` to `x` has two files of one name.
"""

from __future__ import annotations

import re
import stat
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

from functions.errors import SourceInvalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions.sources.limits import ArchiveLimits

_DRIVE = re.compile(r"[A-Za-z]:")
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}  # controls, halves of surrogate pairs, line and paragraph separators
_SCRAMBLED = 0x1 | 0x20 | 0x40 | 0x2000  # flag bits: encrypted, patch data, strong encryption, hidden headers
_SET_ID = stat.S_ISUID | stat.S_ISGID
_SEPARATOR = "\0"  # comes before every other character, and is in no name
_SHOWN = 120  # characters of a hostile name in a message


def shown(name: str) -> str:
    """A hostile name for a message: ASCII, quoted, not too long."""
    return ascii(name if len(name) <= _SHOWN else name[:_SHOWN] + "...")


def refuse(name: str, reason: str) -> SourceInvalid:
    """The error about an entry."""
    return SourceInvalid(f"The package's entry {shown(name)} {reason}.")


def _parts(name: str) -> list[str]:
    return name.removesuffix("/").split("/")


_NAME_RULES: tuple[tuple[Callable[[str, ArchiveLimits], bool], str], ...] = (
    (lambda name, _: not name, "has no name"),
    (
        lambda name, _: any(unicodedata.category(character) in _UNPRINTABLE for character in name),
        "has a control character in its name",
    ),
    (
        lambda name, _: "\\" in name,
        "has a backslash in its name (old versions of Compress-Archive write such zips; 'tar -a -c -f' does not)",
    ),
    (lambda name, _: name.startswith("/"), "is an absolute path"),
    (lambda name, _: bool(_DRIVE.match(name)), "is a path on a drive"),
    (lambda name, _: ".." in _parts(name), "leads out of its folder"),
    (lambda name, _: not {"", "."}.isdisjoint(_parts(name)), "has an empty part or a '.' in its path"),
    (lambda name, limits: len(name.encode()) > limits.path, "has too long a path"),
    (lambda name, limits: any(len(part.encode()) > limits.name for part in _parts(name)), "has too long a name"),
)


def check_name(name: str, limits: ArchiveLimits) -> None:
    """Raises SourceInvalid unless the name, as the archive has it, is a plain relative path; folders end in '/'."""
    for is_broken, reason in _NAME_RULES:
        if is_broken(name, limits):
            raise refuse(name, reason)


def mode(entry: ZipInfo) -> int:
    """The Unix mode; 0 when the archive was made by something that has none."""
    return entry.external_attr >> 16


def is_folder(entry: ZipInfo) -> bool:
    """By its raw name, which `ZipInfo.filename` is not: that one is cut at a NUL."""
    return entry.orig_filename.endswith("/")


def _has_foreign_kind(entry: ZipInfo) -> bool:
    return stat.S_IFMT(mode(entry)) not in {0, stat.S_IFDIR if is_folder(entry) else stat.S_IFREG}


_KIND_RULES: tuple[tuple[Callable[[ZipInfo, ArchiveLimits], bool], str], ...] = (
    (lambda entry, _: stat.S_ISLNK(mode(entry)), "is a link; put a copy of the file in its place"),
    (lambda entry, _: _has_foreign_kind(entry), "is neither a plain file nor a folder"),
    (lambda entry, _: bool(mode(entry) & _SET_ID) and not is_folder(entry), "has a setuid or setgid bit"),
    (lambda entry, _: is_folder(entry) and entry.file_size > 0, "is a folder with content"),
    (lambda entry, _: bool(entry.flag_bits & _SCRAMBLED), "is encrypted"),
    # bzip2 and LZMA are refused for zipfile's sake: it unpacks a block of them in one go, whatever its size.
    (
        lambda entry, _: entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED},
        "is packed by a method other than 'stored' and 'deflated'",
    ),
    (
        lambda entry, limits: entry.file_size > max(limits.ratio_free, limits.ratio * entry.compress_size),
        "is packed too tightly to be honest",
    ),
)


def check_entry(entry: ZipInfo, limits: ArchiveLimits) -> None:
    """Raises SourceInvalid unless this is a plain file or folder that we can read within the limits."""
    check_name(entry.orig_filename, limits)
    for is_broken, reason in _KIND_RULES:
        if is_broken(entry, limits):
            raise refuse(entry.orig_filename, reason)


def check_together(names: Iterable[str]) -> None:
    """Raises SourceInvalid when some file system takes two (checked) names for one: case and Unicode form do not count.

    In this order a folder stands right before all that is in it, so that neighbours tell everything. A table of all
    folders would let a small archive of deep paths take hundreds of megabytes.
    """
    for (key, name), (next_key, next_name) in pairwise(sorted((_folded(name), name) for name in names)):
        if key == next_key:
            raise refuse(next_name, f"is there twice; the other one is {shown(name)} (case does not count)")
        if next_key.startswith(key + _SEPARATOR) and not name.endswith("/"):
            raise refuse(next_name, f"is in a folder that is also a file, {shown(name)}")
        _check_spelling(key, name, next_key, next_name)


def _check_spelling(key: str, name: str, next_key: str, next_name: str) -> None:
    shared = zip(key.split(_SEPARATOR), next_key.split(_SEPARATOR), _parts(name), _parts(next_name), strict=False)
    for folded, next_folded, part, next_part in shared:
        if folded != next_folded:
            return
        if part != next_part:
            raise refuse(next_name, f"is in a folder that is also spelled {shown(part)}, as in {shown(name)}")


def _folded(name: str) -> str:
    path = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return path.removesuffix("/").replace("/", _SEPARATOR)
