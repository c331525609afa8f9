"""A mark in the state folder that changes whenever something that routes calls has changed, in whichever process.

So a process may remember rows between calls: to look at a file's time costs a microsecond, to read the rows a hundred
times that. What another node has changed in a shared database is not marked: remembered rows have an age limit, too.
"""

from __future__ import annotations

import os
import time

from django.conf import settings
from django.db import transaction


def current() -> int:
    """The mark. Read it before the rows that are to be remembered with it."""
    try:
        return os.stat(settings.WF_GENERATION).st_mtime_ns  # noqa: PTH116 -- at each call, and half as long as a Path's
    except FileNotFoundError:
        settings.WF_GENERATION.touch()
        return current()


def changed() -> None:
    """To be called after the change; in a transaction the mark waits for its end."""
    transaction.on_commit(_mark)


def _mark() -> None:
    now = time.time_ns()
    settings.WF_GENERATION.touch()
    os.utime(settings.WF_GENERATION, ns=(now, now))
