"""The worker in the background: its start, the file that says which process it is, and its stop.

`daemon.pid` holds the process' number and the time of its start, by which the kernel tells it from a later process
with the same number. Only that very process, while somebody holds the state folder, is ever sent a signal.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from workerfront import home
from workerfront.child import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

PID_FILE, LOG_FILE = "daemon.pid", "daemon.log"
START_LIMIT_S = 120
STOP_LIMIT_S = 390  # longer than the supervisor's wait for calls, and for its children, together
SHOWN = 2000  # characters of the log, when it did not start
_CONTENT = re.compile(r"([1-9][0-9]{0,9})\n([0-9]{1,20})\n")


class NotOurs(Exception):
    """No worker of this folder runs, or none that could be told from a stranger. The message says what was found."""


@contextmanager
def pid_file(folder: Path) -> Iterator[None]:
    """The file is there during a `with` block, by a process that holds the folder."""
    path = folder / PID_FILE
    draft = path.with_suffix(".draft")
    draft.write_text(f"{os.getpid()}\n{_started_at(os.getpid())}\n")
    draft.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def start(folder: Path, command: list[str]) -> int:
    """Starts a worker in a session of its own, waits until it answers, and returns its process number.

    `command` gets one more argument: the number of a descriptor that the worker writes to when it answers. Raises
    RuntimeError with the end of its log when it ends before, or does not answer in time.
    """
    log = folder / LOG_FILE
    reading, writing = os.pipe()
    with log.open("ab") as output, os.fdopen(reading, "rb", buffering=0) as word:
        begin = output.tell()
        process = subprocess.Popen(  # noqa: S603 -- our own command
            [*command, str(writing)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=[writing],
        )
        os.close(writing)
        answers = False
        try:
            answers = bool(select.select([word], [], [], START_LIMIT_S)[0] and word.read(1))
        finally:  # an interrupt comes here as well
            if not answers:
                _end(process)
    if not answers:
        raise RuntimeError(_end_of(log, begin))
    return process.pid


def _end(process: subprocess.Popen[bytes]) -> None:
    """Of a worker that did not come to answer, nothing goes on."""
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_of(log: Path, begin: int) -> str:
    with log.open("rb") as file:
        file.seek(begin)
        return file.read().decode(errors="replace").strip()[-SHOWN:]


def stop(folder: Path, *, now: bool = False) -> int:
    """Tells it to stop, and waits for its end; returns the number that it had. Raises NotOurs, or TimeoutError.

    `now`: calls under way are not waited for.
    """
    pid, started_at = _written(folder / PID_FILE)
    try:
        process = os.pidfd_open(pid)  # from here on it is this process, even when it ends
    except (OSError, OverflowError) as error:
        raise NotOurs(f"{PID_FILE} names the process {pid}, which does not run.") from error
    if _started_at(pid) != started_at:
        os.close(process)
        raise NotOurs(f"{PID_FILE} is of a worker that has ended; {pid} is another process now.")
    if not home.is_held(folder):
        os.close(process)
        raise NotOurs(f"{PID_FILE} names the process {pid}, which does not hold {folder}.")
    signal.pidfd_send_signal(process, signal.SIGQUIT if now else signal.SIGTERM)
    if not wait_for(process, STOP_LIMIT_S):
        raise TimeoutError(f"The worker {pid} was told to stop and still runs after {STOP_LIMIT_S} s.")
    return pid


def _written(path: Path) -> tuple[int, str]:
    try:
        found = _CONTENT.fullmatch(path.read_text(errors="replace"))
    except FileNotFoundError as error:
        raise NotOurs(f"There is no {path}: no worker runs on this folder.") from error
    if not found:
        raise NotOurs(f"{path} holds no process number that a worker has written.")
    return int(found[1]), found[2]


def _started_at(pid: int) -> str:
    """Clock ticks from the machine's start to the process' (proc(5), field 22). Empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def command(port: int) -> list[str]:
    """What `start` runs."""
    return [sys.executable, "-m", "workerfront", "start", str(port), "--announce-to"]
