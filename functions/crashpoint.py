"""Named points at which a fault test may kill a process, as `kill -9` would. No-op unless the environment names one."""

from __future__ import annotations

import os
import signal

from django.conf import settings


def crashpoint(name: str) -> None:
    """Dies here when WF_CRASHPOINT is this name."""
    if name == settings.WF_CRASHPOINT:
        os.kill(os.getpid(), signal.SIGKILL)
