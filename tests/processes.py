"""What the kernel says of processes. Any of them may end between two looks: then there is nothing to say of it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """The processes below this one, the lowest first."""
    children = [int(child) for child in _read(pid, f"task/{pid}/children").split()]
    return [found for child in children for found in [*descendants(child), child]]


def parent(pid: int) -> int:
    """0 when it has ended."""
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


def is_running(pid: int) -> bool:
    """A zombie that nobody has waited for is dead."""
    return _read(pid, "stat").rpartition(b")")[2].split()[:1] not in ([], [b"Z"])


def command(pid: int) -> str:
    """Empty when it has ended."""
    return _read(pid, "cmdline").decode(errors="replace")


def environment(pid: int) -> bytes:
    """As it was when it was started."""
    return _read(pid, "environ")


def system_call(pid: int) -> bytes:
    """The number of the one that it waits in; `running` when it waits in none."""
    return _read(pid, "syscall").partition(b" ")[0]


def kill(pid: int) -> bool:
    """SIGKILL. False when it had gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def kill_tree(pid: int) -> None:
    """SIGKILL to a process and all below it. It is stopped first, or it would replace those that die before it."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    while below := [found for found in descendants(pid) if is_running(found)]:
        for found in below:
            kill(found)
    kill(pid)


def _read(pid: int, file: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes()
    except OSError:
        return b""
