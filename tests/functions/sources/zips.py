"""Zips for tests: honest ones, and forged ones that no zip program would make."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DIRECTORY_ENTRY = b"PK\1\2"
FIELDS = {"flags": ("<H", 8), "method": ("<H", 10), "crc": ("<L", 16), "packed": ("<L", 20), "size": ("<L", 24)}
FIELDS |= {"attributes": ("<L", 38), "offset": ("<L", 42)}


def entry(name: str, mode: int = 0, method: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    """An entry of exactly this name: the constructor would cut it at a NUL."""
    info = zipfile.ZipInfo("x")
    info.filename = name
    info.external_attr = mode << 16
    info.compress_type = method
    return info


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """A zip of these entries, in this order, twice the same name included."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(entry(name) if isinstance(name, str) else name, content)
    return buffer.getvalue()


def forged(data: bytes, field: str, value: int, number: int = 0) -> bytes:
    """The zip with one field of its n-th directory entry changed."""
    form, offset = FIELDS[field]
    start = -1
    for _ in range(number + 1):
        start = data.index(DIRECTORY_ENTRY, start + 1)
    changed = bytearray(data)
    struct.pack_into(form, changed, start + offset, value)
    return bytes(changed)


def written(folder: Path, data: bytes, name: str = "W1") -> Path:
    """The data as a package in this folder."""
    path = folder / f"{name}.zip"
    path.write_bytes(data)
    return path


SMALL = zipped(("config.json", b'{"environment": "python3.7"}'), ("main.py", b"print(1)\n"))
