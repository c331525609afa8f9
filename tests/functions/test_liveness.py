"""Which processes live: known at once and for certain, also of those that were killed, and of forks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from functions import liveness
from tests.races.processes import started

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

ALIVE = """
import sys
from functions import liveness
print(liveness.me(), flush=True)
sys.stdin.readline()
"""
# The child lives on when its parent is killed, and says its own name as soon as it is told to.
FORKING = """
import os, sys
from functions import liveness
print(liveness.me(), flush=True)
if os.fork() == 0:
    print("forked", flush=True)
    sys.stdin.readline()
    print(liveness.me(), flush=True)
sys.stdin.readline()
"""


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def file_of(owner: str) -> Path:
    path: Path = settings.WF_HOME / "processes" / owner
    return path


def test_a_process_lives_by_one_name_to_its_end_and_is_dead_at_once_when_killed() -> None:
    with started(ALIVE) as one, started(ALIVE) as other:
        names = {line(one): one, line(other): other, liveness.me(): None}
        assert len(names) == 3
        assert all(map(liveness.is_alive, names))
        first = next(iter(names))
        killed(one)
        assert {name: liveness.is_alive(name) for name in names} == {name: name != first for name in names}
    assert liveness.me() in names


def test_a_forked_child_does_not_keep_its_parent_alive_and_has_a_name_of_its_own() -> None:
    with started(FORKING) as parent:
        name = line(parent)
        assert line(parent) == "forked"
        assert liveness.is_alive(name)
        killed(parent)
        assert not liveness.is_alive(name)
        assert parent.stdin
        parent.stdin.write("go on\n")
        parent.stdin.flush()
        child = line(parent)
        assert child != name
        assert liveness.is_alive(child)
        assert not liveness.is_alive(name)


def test_a_row_without_an_owner_is_left_to_its_lease() -> None:
    assert liveness.is_alive("")


def test_a_name_that_nobody_has_is_dead() -> None:
    assert not liveness.is_alive("nobody")


def test_the_dead_are_forgotten_and_the_living_are_not() -> None:
    with started(ALIVE) as one, started(ALIVE) as other:
        dead, living = line(one), line(other)
        killed(one)
        for _ in range(2):
            liveness.forget_dead()
            assert not file_of(dead).exists()
            assert file_of(living).exists()
            assert file_of(liveness.me()).exists()
        assert (liveness.is_alive(dead), liveness.is_alive(living)) == (False, True)


@pytest.fixture
def beginning() -> Path:
    """The file of a process that is about to take its lock."""
    path = file_of(".beginning")
    path.touch()
    return path


def test_a_process_that_is_just_beginning_is_not_forgotten(beginning: Path) -> None:
    liveness.forget_dead()
    beginning.rename(file_of("begun"))
    liveness.forget_dead()
    assert not file_of("begun").exists()
