"""Many calls of one sample, each answer checked; and what a worker may have left behind after them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.engine import labels
from tests.contract import records
from tests.samples import cases

if TYPE_CHECKING:
    from tests.worker import Worker


@dataclass(frozen=True)
class Round:
    """What came of a number of calls: seconds of each, of the whole, and what was wrong."""

    call_s: list[float]
    whole_s: float
    problems: list[str]


def run(worker: Worker, sample: str, calls: int, at_once: int) -> Round:
    """Makes the calls, `at_once` of them at a time, each with a nonce of its own."""
    problems: list[str] = []

    def call(number: int) -> float:
        wanted = cases.case(sample, f"{at_once}-{number}")
        began = time.monotonic()
        try:
            wanted.check(worker.execute(sample, wanted.event))
        except (AssertionError, OSError, ValueError, KeyError) as error:
            problems.append(f"call {number}: {type(error).__name__}: {error}")
        return time.monotonic() - began

    began = time.monotonic()
    with ThreadPoolExecutor(at_once) as callers:
        call_s = list(callers.map(call, range(calls)))
    return Round(call_s, time.monotonic() - began, problems)


def rows(worker: Worker, sample: str) -> dict[str, int]:
    """How many rows of calls of this sample there are in each state, past the worker, in its database."""
    question = "SELECT state, COUNT(*) AS calls FROM functions_execution WHERE function_name = ? GROUP BY state"
    return {row["state"]: row["calls"] for row in records.rows(worker, question, [sample])}


def leftovers(worker: Worker) -> list[str]:
    """What calls that have ended must not leave: their containers, channel folders, working files of builds."""
    found = [container.name for container in worker.containers() if labels.EXECUTION in container.labels]
    return found + [str(path) for room in ("channels", "work") for path in (worker.home / room).iterdir()]
