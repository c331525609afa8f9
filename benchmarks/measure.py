"""What the benchmarks share: a system with its times, rounds in turn, and the line that says the ratio."""

from __future__ import annotations

import platform
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import docker

from tests.worker import engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ANSWER = "hello"
UNCOUNTED = 10


@dataclass
class System:
    """One of the two: its times in ms, of the whole call and of its parts, and what went wrong.

    `read` gets the answer out of what `call` returns, when the clock has stopped.
    """

    label: str
    call: Callable[[System], Any]
    read: Callable[[System, Any], str] = lambda _, answer: str(answer)
    total: list[float] = field(default_factory=list)
    parts: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def round(self) -> None:
        began = time.perf_counter()
        try:
            returned = self.call(self)
            took = milliseconds_since(began)
            answer = self.read(self, returned)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is counted and shown
            self.errors.append(f"{type(error).__name__}: {error}")
            return
        self.total.append(took)
        if answer != ANSWER:
            self.errors.append(f"a wrong answer: {answer!r}")

    def add(self, part: str, milliseconds: float) -> None:
        self.parts.setdefault(part, []).append(milliseconds)

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.add(part, milliseconds_since(began))

    def reset(self) -> None:
        """Forgets the times of the warm-up, but not its errors."""
        self.total.clear()
        self.parts.clear()

    @property
    def median(self) -> float:
        return statistics.median(self.total)

    def line(self) -> str:
        deciles = statistics.quantiles(self.total, n=10)
        parts = "  ".join(f"{part} {statistics.median(times):.1f}" for part, times in self.parts.items())
        return (
            f"{self.label:<6}{self.median:>8.1f}{deciles[0]:>8.1f}{deciles[-1]:>8.1f}"
            f"{len(self.total):>6}{len(self.errors):>8}   {parts}"
        )


def milliseconds_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def print_versions() -> None:
    with engine() as client:
        version = client.version()["Version"]
    print(f"Docker {version}, docker-py {docker.__version__}, Linux {platform.release()}, {platform.machine()}\n")


def in_turn(systems: Sequence[System], rounds: int, between: Callable[[], None]) -> None:
    """One call of each system in each round; `between` waits until the machine is quiet again."""
    for _ in range(rounds):
        for system in systems:
            between()
            system.round()


def in_blocks(systems: Sequence[System], blocks: int, calls: int) -> None:
    """Blocks of calls, the systems in turn; in a block each call follows at once on the answer to the one before.

    UNCOUNTED more calls open each block: there the caches are still the other system's.
    """
    for system in [*systems] * blocks:
        opening = replace(system, total=[], parts={})  # its errors count
        for _ in range(UNCOUNTED):
            opening.round()
        for _ in range(calls):
            system.round()


def warmed_up(systems: Sequence[System], rounds: int, warm_up: int, between: Callable[[], None]) -> None:
    """The same after some rounds whose times do not count."""
    in_turn(systems, warm_up, between)
    for system in systems:
        system.reset()
    in_turn(systems, rounds, between)


def report(title: str, mine: System, other: System) -> float:
    """Prints both; returns mine / other, infinite when one of them has failed."""
    print(title)
    print(f"{'':16}{'median':>8}{'p10':>8}{'p90':>8}{'n':>6}{'errors':>8}   medians of the parts, ms")
    for system in (mine, other):
        print(f"{'':10}{system.line()}" if len(system.total) > 1 else f"{'':10}{system.label}: no times")
    errors = mine.errors + other.errors
    print(*errors[:5], sep="\n", end="\n" if errors else "")
    return float("inf") if errors or not mine.total or not other.total else mine.median / other.median
