"""Calls every bundled sample 100 times in turn and 100 times at once (8 callers), and checks each answer.

`python -m benchmarks.load [sample...]`, in the checkout. The exit status is 1 when an answer was wrong, a row is
missing, or something was left behind.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.samples import cases, load
from tests.worker import Worker, eventually

CALLS = 100
CALLERS = (1, 8)


def main() -> int:
    samples = sys.argv[1:] or cases.names()
    with tempfile.TemporaryDirectory() as scratch, Worker(Path(scratch) / "home") as worker:
        worker.manage("deploy", *(str(cases.FOLDER / name) for name in samples))
        print(f"{'sample':<14}{'callers':>8}{'calls':>7}{'wrong':>7}{'p50 ms':>9}{'p90 ms':>9}{'calls/s':>9}")
        results = [measure(worker, name) for name in samples]
        return int(not all(results) or not is_tidy(worker))


def measure(worker: Worker, sample: str) -> bool:
    """Prints a line for each number of callers; true when every answer and every row is right."""
    built = cases.case(sample, "first")
    built.check(worker.execute(sample, built.event))
    problems = [problem for at_once in CALLERS for problem in show(sample, at_once, worker)]
    rows, wanted = load.rows(worker, sample), {"SUCCEEDED": 1 + CALLS * len(CALLERS)}
    if rows != wanted:
        problems.append(f"rows: {rows}, not {wanted}")
    print(*problems, sep="\n", end="\n" if problems else "")
    return not problems


def show(sample: str, at_once: int, worker: Worker) -> list[str]:
    done = load.run(worker, sample, CALLS, at_once)
    deciles = statistics.quantiles([1000 * seconds for seconds in done.call_s], n=10)
    times = f"{deciles[4]:>9.1f}{deciles[8]:>9.1f}{CALLS / done.whole_s:>9.1f}"
    print(f"{sample:<14}{at_once:>8}{CALLS:>7}{len(done.problems):>7}{times}", flush=True)
    return done.problems


def is_tidy(worker: Worker) -> bool:
    began = time.monotonic()
    try:
        eventually(lambda: not load.leftovers(worker))
    except AssertionError:
        print("left behind:", *load.leftovers(worker))
        return False
    print(f"nothing of the calls left {time.monotonic() - began:.1f} s after the last answer")
    worker.stop()
    left = [container.name for container in worker.containers()]
    print("left after the stop:", *(left or ["nothing"]))
    return not left


if __name__ == "__main__":
    sys.exit(main())
