"""The supervisor over real processes: both children end with it, and it ends with either."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.worker import eventually
from tests.workerfront.processes import ROOT, environment

SCRIPT = """
import django, sys
django.setup()
from workerfront import supervisor
supervisor.STOP_WAIT_S = 0.5
first, second = sys.argv[1:]
supervisor._commands = lambda host, port: (["sh", "-c", first], ["sh", "-c", second])
print("serving", flush=True)
sys.exit(supervisor.serve("127.0.0.1", 0, lambda: None))
"""
LIVES = "echo $$; exec sleep 1000"
IGNORES_SIGTERM = "trap '' TERM; echo $$; while :; do sleep 0.1; done"


def supervised(home: Path, first: str, second: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, first, second],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )


def pids(process: subprocess.Popen[str], count: int) -> list[int]:
    """The children's numbers, which they have written."""
    assert process.stdout
    assert process.stdout.readline() == "serving\n"
    return [int(process.stdout.readline()) for _ in range(count)]


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_stops_both_and_ends_well(tmp_path: Path, number: signal.Signals) -> None:
    process = supervised(tmp_path, LIVES, LIVES)
    children = pids(process, 2)
    process.send_signal(number)
    assert process.wait(20) == 0
    process.communicate()
    for child in children:
        eventually(lambda child=child: is_gone(child))


@pytest.mark.parametrize("dying", ["exit 0", "exit 3"])
@pytest.mark.parametrize("order", [0, 1])
def test_when_a_child_ends_by_itself_the_other_is_stopped_and_it_ends_ill(
    tmp_path: Path, dying: str, order: int
) -> None:
    commands = [LIVES, dying] if order else [dying, LIVES]
    process = supervised(tmp_path, *commands)
    (child,) = pids(process, 1)
    assert process.wait(20) == 1
    process.communicate()
    eventually(lambda: is_gone(child))


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    process = supervised(tmp_path, IGNORES_SIGTERM, LIVES)
    children = pids(process, 2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.communicate()
    assert all(is_gone(child) for child in children)
