"""Runs a worker's two processes, web server and task cluster; stops both when one ends or when told to."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)

STOP_WAIT_S = 300  # the longest that calls under way may take to end; then the child is killed
START_LIMIT_S = 60
KILL_MARGIN_S = 10  # by so much sooner granian kills its own worker, which would outlive it
SPARE_THREADS = 24  # for callers that wait for a build, and the admin, while every call slot is taken
LOOK_S = 0.5
FIRST_LOOK_S = 0.05


def serve(host: str, port: int, announce: Callable[[], None]) -> int:
    """Runs until SIGTERM or SIGINT (exit status 0) or until a child ends by itself (1).

    `announce` is called once it answers.
    """
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    commands = _commands(host, port)
    children = [subprocess.Popen(command, start_new_session=True) for command in commands]  # noqa: S603 -- ours
    try:
        if _comes_to_answer(host, port, children):
            announce()
        while not told.wait(LOOK_S):
            if ended := [child for child in children if child.poll() is not None]:
                logger.error("%s ended with status %s", ended[0].args, ended[0].returncode)
                return 1
        return 0
    finally:
        _stop(children)


def _comes_to_answer(host: str, port: int, children: Sequence[subprocess.Popen[bytes]]) -> bool:
    """Granian loses a SIGTERM that comes while it starts, and then waits for its own worker: never stop it sooner."""
    deadline = time.monotonic() + min(START_LIMIT_S, STOP_WAIT_S)
    while time.monotonic() < deadline and all(child.poll() is None for child in children):
        if _answers(host, port):
            return True
        time.sleep(FIRST_LOOK_S)
    return False


def _answers(host: str, port: int) -> bool:
    with closing(HTTPConnection(host, port, timeout=LOOK_S)) as connection:
        try:
            connection.request("GET", "/openapi.json")
            return bool(connection.getresponse().status)
        except (OSError, HTTPException):
            return False


def _commands(host: str, port: int) -> tuple[list[str], list[str]]:
    threads = str(settings.WF_MAX_CONCURRENT_CALLS + SPARE_THREADS)
    web = ["granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", "1"]
    web += ["--blocking-threads", threads, "--backpressure", threads, "--log-level", "error"]
    web += ["--http", "1", "--no-ws"]  # an HTTP/2 body has no length, and would be taken for an empty event
    web += ["--workers-kill-timeout", str(STOP_WAIT_S - KILL_MARGIN_S)]
    web += ["workerfront.wsgi:application"]
    return [sys.executable, "-m", *web], [sys.executable, "-m", "workerfront", "qcluster"]


def _stop(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        with suppress(ProcessLookupError):  # what a child that died has left: granian's worker would go on answering
            os.killpg(child.pid, signal.SIGKILL)
