"""Crash points: a process dies at the one that its environment names, as `kill -9` would have it, and at no other."""

from __future__ import annotations

import ast
import signal
from pathlib import Path

import pytest

from tests.races.processes import started

ROOT = Path(__file__).resolve().parents[2]
PASSING = """
import sys
from functions.crashpoint import crashpoint
for name in sys.argv[1:]:
    crashpoint(name)
    print(name, flush=True)
"""


@pytest.mark.parametrize(
    ("wanted", "status", "passed"),
    [("two", -signal.SIGKILL, ["one"]), ("", 0, ["one", "two", "three"]), ("four", 0, ["one", "two", "three"])],
)
def test_a_process_dies_at_the_named_point_only(wanted: str, status: int, passed: list[str]) -> None:
    with started(PASSING, "one", "two", "three", WF_CRASHPOINT=wanted) as process:
        said, _ = process.communicate()
    assert (process.returncode, said.splitlines()) == (status, passed)


def test_every_crash_point_has_a_name_of_its_own() -> None:
    names = [name for path in (ROOT / "functions").rglob("*.py") for name in crashpoints(path.read_text())]
    assert len(names) >= 4
    assert len(set(names)) == len(names)
    assert all(names)


def crashpoints(source: str) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [ast.literal_eval(call.args[0]) for call in calls if getattr(call.func, "id", "") == "crashpoint"]
