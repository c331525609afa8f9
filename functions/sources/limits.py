"""The limits of this room in one place. Sizes in bytes, times in seconds."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class ArchiveLimits:
    """What a package may be. A ratio is unpacked to packed size, and counts for files above `ratio_free`."""

    packed: int = 50 * MIB
    unpacked: int = 250 * MIB
    entries: int = 10_000
    ratio: int = 100
    ratio_free: int = MIB
    path: int = 1024  # bytes of an entry's whole name
    name: int = 255  # bytes of one part of it, as file systems have it


@dataclass(frozen=True)
class FetchLimits:
    """What one look at the storage, or one fetch, may cost."""

    size: int = 50 * MIB
    list_size: int = MIB  # of the file that lists functions
    connect_s: float = 5
    read_s: float = 15
    whole_s: float = 60


@dataclass(frozen=True)
class ManifestLimits:
    """The operator's maxima for what config.json may ask for; a memory of None has no maximum."""

    timeout_s: int = 900
    memory: int | None = None


ARCHIVE_LIMITS = ArchiveLimits()
FETCH_LIMITS = FetchLimits()
MANIFEST_LIMITS = ManifestLimits()


def readable(size: int) -> str:
    """A size for a message: whole MiB when it is that."""
    return f"{size // MIB} MiB" if size and size % MIB == 0 else f"{size} bytes"
