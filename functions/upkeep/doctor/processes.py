"""The worker's processes as the kernel sees them: whoever holds a lock in the state folder, and all below."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from functions.upkeep.doctor.node import Bounds, Process

if TYPE_CHECKING:
    from collections.abc import Iterable

PROC = Path("/proc")
SPARE_DESCRIPTORS, SPARE_THREADS = 512, 256
MEMORY = 1 << 30


def bounds() -> Bounds:
    """A call needs a thread, and a few descriptors: its connections to client, database, engine and agent."""
    calls = settings.WF_MAX_CONCURRENT_CALLS
    return Bounds(8 * calls + SPARE_DESCRIPTORS, 2 * calls + SPARE_THREADS, MEMORY)


def look() -> tuple[Process, ...]:
    """Those that have ended meanwhile are left out; so is the process that asks."""
    seen = {pid for holder in _holders() for pid in _with_children(holder)} - {os.getpid()}
    found = []
    for pid in sorted(seen):
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            found.append(_process(pid))
    return tuple(found)


def _holders() -> set[int]:
    """The kernel's list of locks names files by numbers that several file systems may use: their names decide."""
    home: Path = settings.WF_HOME
    files = {path for path in (home / "lock", *(home / "processes").iterdir()) if path.exists()}
    numbers = {str(path.stat().st_ino) for path in files}
    locks = (line.split() for line in (PROC / "locks").read_text().splitlines() if " FLOCK " in line)
    likely = {int(lock[4]) for lock in locks if lock[5].rpartition(":")[2] in numbers}
    return {pid for pid in likely if not files.isdisjoint(_opened(pid))}


def _opened(pid: int) -> Iterable[Path]:
    """What a process has open; nothing when it is another user's, or has ended."""
    with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        for descriptor in (PROC / str(pid) / "fd").iterdir():
            with suppress(FileNotFoundError):
                yield descriptor.readlink()


def _with_children(pid: int) -> Iterable[int]:
    yield pid
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in (PROC / str(pid) / "task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _with_children(int(child))


def _process(pid: int) -> Process:
    folder = PROC / str(pid)
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    kilobytes = int(status.get("VmRSS", "0 kB").split()[0])
    return Process(pid, len(list((folder / "fd").iterdir())), int(status["Threads"]), kilobytes << 10)
