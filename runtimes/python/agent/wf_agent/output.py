"""sys.stdout and sys.stderr of the mode `shared`: what a thread prints goes to the call that it works for."""

import contextvars
import io
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from os import _exit
from time import monotonic, sleep

LAST_WORDS_S = 0.5
PASSING_ON_S = 0.005

current_log = contextvars.ContextVar("log", default=None)  # a threads.CallLog


class _Routed(io.RawIOBase):
    """Bytes of a stream, to the log of the call or to the container's own."""

    def __init__(self, name: str, fd: int):
        self._name = name
        self._fd = fd

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def write(self, data) -> int:
        log = current_log.get()
        if log is None or not log.write(self._name, bytes(data)):
            os.write(self._fd, data)
        return len(data)


def route() -> None:
    for name, fd in (("stdout", 1), ("stderr", 2)):
        stream = io.TextIOWrapper(_Routed(name, fd), encoding="utf-8", errors="backslashreplace", write_through=True)
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)
    _follow_threads()
    os._exit = _exit_when_said


def _exit_when_said(status: int) -> None:
    """os._exit for a call: what it has printed is on its way in another thread of this process."""
    log = current_log.get()
    give_up = monotonic() + LAST_WORDS_S
    while log is not None and not log.is_passed_on() and monotonic() < give_up:
        sleep(PASSING_ON_S)
    sleep(PASSING_ON_S)
    _exit(status)


def _follow_threads() -> None:
    """Threads that a call starts, and tasks that it gives to an executor, work for it."""
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit

    def start_in_context(thread):
        context, run = contextvars.copy_context(), thread.run
        thread.run = lambda: context.run(run)
        start(thread)

    def submit_in_context(executor, function, *args, **kwargs):
        return submit(executor, contextvars.copy_context().run, function, *args, **kwargs)

    threading.Thread.start = start_in_context
    ThreadPoolExecutor.submit = submit_in_context
