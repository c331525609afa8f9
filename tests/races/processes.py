"""The same windows for processes of their own, on the database of the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import json, sys
import django
django.setup()
from datetime import timedelta
from uuid import UUID
from django.db import connection
from django.utils import timezone
from functions.models import Execution, Function, Image, PoolEntry
from functions.models.execution import ExecutionState
from tests.races.windows import Gate

def wait():
    print("window", flush=True)
    sys.stdin.readline()

with connection.execute_wrapper(Gate(wait)):
    result = eval(sys.argv[1])
print(json.dumps(result, default=str), flush=True)
"""


def environment() -> dict[str, str]:
    """What makes a process one of this worker, on the test's database."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "DOCKER_HOST", "WF_HOME", "WF_NODE")
        if name in os.environ
    }
    return {**kept, "DJANGO_SETTINGS_MODULE": "workerfront.settings", "DATABASE_URL": database_url()}


def database_url() -> str:
    """The test's database, whichever it is."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**found)


@contextmanager
def started(script: str, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A Python process that is gone at the end of the block, one way or the other."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env={**environment(), **variables},
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def at_once(expressions: list[str]) -> list[Any]:
    """The values of these expressions, each in a process of its own; none has written before all were about to."""
    with _all_started(expressions) as processes:
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "window\n"
        answers = [process.communicate()[0] for process in _all_told(processes)]
    return [json.loads(answer) for answer in answers]


def _all_told(processes: list[subprocess.Popen[str]]) -> list[subprocess.Popen[str]]:
    """All go on before one of them is waited for."""
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    return processes


@contextmanager
def _all_started(expressions: list[str]) -> Iterator[list[subprocess.Popen[str]]]:
    if not expressions:
        yield []
        return
    with started(SCRIPT, expressions[0]) as first, _all_started(expressions[1:]) as others:
        yield [first, *others]
