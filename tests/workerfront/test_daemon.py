"""`manage.py stop` and the pid file: whatever stands in it, only the worker of this folder is ever told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.worker import eventually
from tests.workerfront.processes import ROOT, environment
from workerfront import daemon, home

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that must live on."""
    process = subprocess.Popen(["sleep", "1000"])
    try:
        yield process
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def written(folder: Path, text: str) -> Path:
    (folder / daemon.PID_FILE).write_text(text)
    return folder


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "banana",
        "-1\n5\n",
        "0\n5\n",
        "1",
        "12\n",
        "9" * 40 + "\n1\n",
        "\u0661\n\u0662\n",
        "1 2\n",
        "12\n5\n\n7",
    ],
)
def test_a_file_that_no_worker_has_written_stops_nobody(tmp_path: Path, text: str) -> None:
    with home.held(tmp_path), pytest.raises(daemon.NotOurs, match=r"no process number that a worker has written"):
        daemon.stop(written(tmp_path, text))


def test_no_file_no_stop(tmp_path: Path) -> None:
    with pytest.raises(daemon.NotOurs, match="no worker runs on this folder"):
        daemon.stop(tmp_path)


@pytest.mark.parametrize("pid", [4194304, 9999999999])
def test_a_process_that_does_not_run_is_not_looked_for(tmp_path: Path, pid: int) -> None:
    with home.held(tmp_path), pytest.raises(daemon.NotOurs, match="does not run"):
        daemon.stop(written(tmp_path, f"{pid}\n1\n"))


def test_another_process_with_the_same_number_lives_on(tmp_path: Path) -> None:
    with stranger() as process, home.held(tmp_path), pytest.raises(daemon.NotOurs, match="another process now"):
        daemon.stop(written(tmp_path, f"{process.pid}\n1\n"))


def test_a_process_that_does_not_hold_the_folder_lives_on(tmp_path: Path) -> None:
    with stranger() as process, pytest.raises(daemon.NotOurs, match="does not hold"):
        daemon.stop(written(tmp_path, f"{process.pid}\n{daemon._started_at(process.pid)}\n"))


def test_the_file_names_this_process_while_the_block_lasts(tmp_path: Path) -> None:
    with daemon.pid_file(tmp_path):
        pid, started_at = (tmp_path / daemon.PID_FILE).read_text().split()
        assert (int(pid), started_at) == (os.getpid(), daemon._started_at(os.getpid()))
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_it_plainly_and_fails(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workerfront", "stop"]
    done = subprocess.run(
        command, env=environment(written(tmp_path, "1\n")), capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: Nothing was stopped. ")


def test_a_start_in_the_background_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    worker = ["sh", "-c", 'echo $$ >"$0/draft"; mv "$0/draft" "$0/pid"; exec sleep 1000', str(tmp_path)]
    hears = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # a background job does not
    begins = f"import pathlib; from workerfront import daemon; daemon.start(pathlib.Path({str(tmp_path)!r}), {worker})"
    starter = subprocess.Popen([sys.executable, "-c", f"{hears}; {begins}"], stderr=subprocess.DEVNULL, cwd=ROOT)
    eventually((tmp_path / "pid").exists)
    starter.send_signal(signal.SIGINT)
    assert starter.wait(20) != 0
    assert not Path(f"/proc/{int((tmp_path / 'pid').read_text())}").exists()


def test_a_start_in_the_background_that_fails_shows_its_log(tmp_path: Path) -> None:
    (tmp_path / daemon.LOG_FILE).write_text("of an earlier worker\n")
    with pytest.raises(RuntimeError, match=r"^the reason$"):
        daemon.start(tmp_path, ["sh", "-c", "echo the reason >&2; exit 1", "sh"])
