"""The supervisor over real processes: what dies is started again, and nothing outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.worker import eventually
from tests.workerfront.processes import ROOT, environment, run

if TYPE_CHECKING:
    from collections.abc import Iterable

LIVES = "echo $$; exec sleep 1000"
IGNORES_SIGTERM = "trap '' TERM; echo $$; while :; do sleep 0.1; done"
HAS_A_CHILD = "sleep 1000 & echo $!; echo $$; wait"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder whose database is up to date."""
    home = tmp_path_factory.mktemp("home")
    migrate = "import django; django.setup(); from django.core.management import call_command; call_command('migrate')"
    assert run(home, migrate).returncode == 0
    return home


class Supervised:
    """A supervisor of these shell commands, each of which writes the number of its process."""

    def __init__(self, home: Path, *commands: str, habits: str = "works") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.workerfront.supervised", habits, *commands],
            env=environment(home),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )

    def pids(self, count: int) -> list[int]:
        return [int(line) for line in self.lines(count)]

    def lines(self, count: int) -> list[str]:
        assert self.process.stdout
        return [self.process.stdout.readline() for _ in range(count)]

    def __enter__(self) -> Supervised:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
        self.process.communicate(timeout=20)


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except OSError:
        return True


def all_gone(pids: Iterable[int]) -> bool:
    return all(map(is_gone, pids))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_told_to_stop_it_stops_all_and_ends_well(folder: Path, number: signal.Signals) -> None:
    with Supervised(folder, LIVES, IGNORES_SIGTERM, HAS_A_CHILD) as supervised:
        children = supervised.pids(4)
        supervised.process.send_signal(number)
        assert supervised.process.wait(20) == 0
        assert all_gone(children)


def test_what_dies_is_started_again_and_leaves_no_orphan(folder: Path) -> None:
    with Supervised(folder, HAS_A_CHILD) as supervised:
        for _ in range(7):  # more often than is forgiven to what never comes to work
            grandchild, child = supervised.pids(2)
            os.kill(child, signal.SIGKILL)
            eventually(lambda pids=(grandchild, child): all_gone(pids))


def test_what_never_comes_to_work_ends_the_worker_with_an_error(folder: Path) -> None:
    with Supervised(folder, LIVES, "exit 3", habits="") as supervised:
        children = supervised.pids(1)
        assert supervised.process.wait(30) == 1
        assert all_gone(children)


def test_what_lives_but_never_works_ends_the_worker_with_an_error(folder: Path) -> None:
    with Supervised(folder, LIVES, habits="stuck") as supervised:
        assert supervised.process.wait(30) == 1


def test_what_cannot_be_started_again_just_now_is_tried_again(folder: Path) -> None:
    with Supervised(folder, LIVES, habits="works,fails-to-start-again") as supervised:
        (child,) = supervised.pids(1)
        os.kill(child, signal.SIGKILL)
        assert supervised.pids(1) != [child]


def test_a_worker_that_nobody_hears_begins_all_of_its_work(folder: Path) -> None:
    with Supervised(folder, LIVES, LIVES, habits="works,unheard,later") as supervised:
        assert len(supervised.pids(2)) == 2


def test_a_second_sigterm_waits_for_the_last_calls_as_the_first_does(folder: Path) -> None:
    with Supervised(folder, LIVES, habits="works,calls") as supervised:
        supervised.pids(1)
        for _ in range(2):
            supervised.process.terminate()
            assert supervised.lines(5) == ["waits\n"] * 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_the_wait_for_the_last_calls_can_be_cut(folder: Path, number: signal.Signals) -> None:
    with Supervised(folder, LIVES, habits="works,calls") as supervised:
        children = supervised.pids(1)
        supervised.process.terminate()
        assert supervised.lines(1) == ["waits\n"]
        supervised.process.send_signal(number)
        assert supervised.process.wait(20) == 0
        assert all_gone(children)


def test_nothing_outlives_a_supervisor_that_is_killed(folder: Path) -> None:
    with Supervised(folder, LIVES, LIVES) as supervised:
        children = supervised.pids(2)
        supervised.process.kill()
        eventually(lambda: all_gone(children))
