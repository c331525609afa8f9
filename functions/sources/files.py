"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from functions.errors import DiskFull

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def disk_full() -> Iterator[None]:
    """Turns the operating system's word for a full disk into DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull from error
        raise


@contextmanager
def whole_file(to: Path) -> Iterator[BinaryIO]:
    """A new file that replaces `to` when the block ends well, and is gone when it does not. Raises DiskFull."""
    with disk_full():
        descriptor, name = tempfile.mkstemp(prefix=".partial-", dir=to.parent)
        os.close(descriptor)
        draft = Path(name)
        try:
            with draft.open("wb") as file:
                yield file
            draft.replace(to)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
