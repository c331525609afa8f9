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
# One process loads Django, which takes longer than all the rest, and forks: each child has a connection of its own.
SCRIPT = """
import json, multiprocessing, sys
import django
django.setup()
from datetime import timedelta
from uuid import UUID
from django.db import connection
from django.utils import timezone
from functions.models import Execution, Function, Image, PoolEntry
from functions.models.execution import ExecutionState
from tests.races.windows import LIMIT_S, Gate

def race(number):
    gate = Gate(lambda: window.wait(LIMIT_S))
    with connection.execute_wrapper(gate):
        result = eval(expressions[number])
    assert gate.was_passed
    results.put((number, result))

expressions = sys.argv[1:]
forking = multiprocessing.get_context("fork")
window, results = forking.Barrier(len(expressions)), forking.Queue()
racers = [forking.Process(target=race, args=[number]) for number in range(len(expressions))]
for racer in racers:
    racer.start()
for racer in racers:
    racer.join()
assert not any(racer.exitcode for racer in racers)
found = dict(results.get() for _ in racers)
print(json.dumps([found[number] for number in range(len(racers))], default=str))
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
    with started(SCRIPT, *expressions) as process:
        answers, _ = process.communicate()
        assert process.returncode == 0
    return list(json.loads(answers))
