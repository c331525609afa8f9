"""Python processes with settings of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOAD = "from django.conf import settings; import json, sys; settings.DEBUG; "


def environment(home: Path, **variables: str) -> dict[str, str]:
    """What a process needs, without anything that the tests' own environment says about a worker."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "DJANGO_SETTINGS_MODULE": "workerfront.settings", "WF_HOME": str(home), **variables}


def command(code: str) -> list[str]:
    """Loads the settings, then runs this code."""
    return [sys.executable, "-c", LOAD + code]


def run(home: Path, code: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Waits for it."""
    given = environment(home, **variables)
    return subprocess.run(command(code), env=given, capture_output=True, text=True, cwd=ROOT, check=False)
