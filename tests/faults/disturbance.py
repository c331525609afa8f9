"""Kills parts of a worker at random, for as long as a test likes, and counts what it has really killed."""

from __future__ import annotations

import itertools
import random
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import docker.errors

from tests import processes
from tests.contract import engine_view
from tests.worker import engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.worker import Worker

SEED = 20_000
PAUSE_S = 1.5  # between two faults: a web process needs about as long to come back
CALLS_A_ROUND = 250  # however slow the machine is, there are so many calls for four faults


class Disturbance:
    """Each round has a fault of every kind, in an order of its own. `calls` says how many have ended."""

    def __init__(self, worker: Worker, calls: Callable[[], int]) -> None:
        self.done: Counter[str] = Counter()
        self.kinds = {
            "web killed": self._kill_web,
            "cluster killed": lambda: self._kill("qcluster"),
            "container killed": lambda: self._take_container(remove=False),
            "container removed": lambda: self._take_container(remove=True),
        }
        self._worker, self._calls = worker, calls
        self._choice = random.Random(SEED)
        self._is_over = threading.Event()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """For the time of a `with` block."""
        thread = threading.Thread(target=self._disturb)
        thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            thread.join()

    def _disturb(self) -> None:
        for number in itertools.count(1):
            for kind in self._choice.sample(list(self.kinds), len(self.kinds)):
                if self._is_over.wait(PAUSE_S):
                    return
                self.done[kind] += self.kinds[kind]()
            while self._calls() < number * CALLS_A_ROUND and not self._is_over.wait(PAUSE_S):
                pass

    def _kill_web(self) -> bool:
        """Only one that has come to work: the supervisor gives up on one that dies before, five times in a row."""
        return self._worker.answers() and self._kill("granian")

    def _kill(self, word: str) -> bool:
        found = self._worker.processes(word)
        return bool(found) and processes.kill(self._choice.choice(found))

    def _take_container(self, *, remove: bool) -> bool:
        if not (listed := engine_view.containers(self._worker)):
            return False
        victim = self._choice.choice(listed)["Id"]
        with engine() as client:
            try:
                client.api.remove_container(victim, force=True) if remove else client.api.kill(victim)
            except docker.errors.APIError:  # it goes by itself
                return False
        return True
