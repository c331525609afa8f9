"""Races that hit their window every time: everybody is held right before his first write, and has read by then.

A single conditional UPDATE does not mind. Whatever looks first and writes later is wrong in every run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, connections

WRITES = ("BEGIN", "INSERT", "UPDATE", "DELETE")  # SQLite takes its lock with BEGIN IMMEDIATE
LIMIT_S = 30

Work = Callable[[], Any]


class Gate:
    """An execute wrapper for one thread: calls `wait` before the first write; `was_passed` says if it came to that."""

    def __init__(self, wait: Callable[[], object]) -> None:
        self._wait = wait
        self.was_passed = False

    def __call__(self, execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if not self.was_passed and sql.lstrip().upper().startswith(WRITES):
            self.was_passed = True
            self._wait()
        return execute(sql, parameters, many, context)


class Racer(threading.Thread):
    """Does the work behind its gate, in a connection of its own; an error is a result like any other."""

    def __init__(self, work: Work, wait: Callable[[], object]) -> None:
        super().__init__(name="racer")
        self._work = work
        self.gate = Gate(wait)
        self.result: Any = None

    def run(self) -> None:
        try:
            with connection.execute_wrapper(self.gate):
                self.result = self._work()
        except Exception as error:  # noqa: BLE001 -- the test looks at it
            self.result = error
        finally:
            connections.close_all()


def at_once(works: Sequence[Work]) -> list[Any]:
    """The results of these works, of which none has written before all were about to."""
    barrier = threading.Barrier(len(works))
    racers = [Racer(work, lambda: barrier.wait(LIMIT_S)) for work in works]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    missing = [racer.result for racer in racers if not racer.gate.was_passed]
    assert not missing, f"these never came to the window: {missing}"
    assert not barrier.broken, "the window was closed to some: somebody held a lock while he waited"
    return [racer.result for racer in racers]


def overtaken(slow: Work, fast: Work) -> tuple[Any, Any]:
    """`slow` has read and is about to write when `fast` is done as a whole; then it goes on. Both results."""
    at_window, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        at_window.set()
        assert go_on.wait(LIMIT_S)

    racer = Racer(slow, wait)
    racer.start()
    try:
        assert at_window.wait(LIMIT_S), f"never came to the window: {racer.result}"
        fast_result = fast()
    finally:
        go_on.set()
        racer.join()
    return racer.result, fast_result
