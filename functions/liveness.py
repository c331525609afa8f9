"""Which processes of this worker live: each holds a lock on a file of its own, which the kernel frees at its end.

Rows name the process that is at them (`owner`), so what a killed process leaves unfinished is known at once and for
certain, without a lease that must outlast every limit. Holds for one machine, as a state folder does.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from typing import IO, TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from pathlib import Path

_own: dict[str, int] = {}  # one entry: this process' name, and the descriptor that holds its lock to the end


def me() -> str:
    """The name of this process, for the `owner` of rows. Its lock is taken at the first use."""
    if not _own:
        name = uuid.uuid4().hex
        _own[name] = _locked(_folder() / name)
    return next(iter(_own))


def is_alive(owner: str) -> bool:
    """Does the process of this name still hold its lock? Rows without an owner are left to their leases."""
    if not owner:
        return True
    try:
        with (_folder() / owner).open() as file:
            return _is_locked(file)
    except FileNotFoundError:
        return False


def forget_dead() -> None:
    """Removes the files of processes that have ended. A hidden one is of a process that is just beginning."""
    for path in _folder().iterdir():
        if not path.name.startswith(".") and not is_alive(path.name):
            path.unlink(missing_ok=True)


def _folder() -> Path:
    folder: Path = settings.WF_HOME / "processes"
    return folder


def _locked(path: Path) -> int:
    """Locked before it has its name: nobody may take a process that is just beginning for a dead one."""
    draft = path.with_name(f".{path.name}")
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    draft.rename(path)
    return descriptor


def _is_locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _forget_parent() -> None:
    """A forked child shares its parent's lock, which would outlive the parent: it lets go and takes one of its own."""
    for descriptor in _own.values():
        os.close(descriptor)
    _own.clear()


os.register_at_fork(after_in_child=_forget_parent)
