"""Decisions of upkeep on plain data: whom to evict, whom to keep pre-warmed. Pure: no database, no engine, no clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True)
class Candidate:
    """A function that could keep pre-warmed containers. `memory`: bytes that one of them may use."""

    key: int
    last_used: float  # Unix time
    memory: int


def pool_targets(candidates: Iterable[Candidate], functions: int, containers: int, memory: int) -> Mapping[int, int]:
    """How many containers each of the `functions` most recently used ones shall keep, within `memory` bytes in all.

    Whoever was used last gets its full number first; what no longer fits is left out.
    """
    latest = sorted(candidates, key=lambda one: one.last_used, reverse=True)[: max(functions, 0)]
    targets = {}
    for one in latest:
        targets[one.key] = min(containers, memory // one.memory)
        memory -= targets[one.key] * one.memory
    return targets


def surplus(targets: Mapping[int, int], kept: Mapping[int, Sequence[int]]) -> list[int]:
    """Of the containers that each function keeps (oldest first), those that it shall not keep: the oldest."""
    return [one for key, found in kept.items() for one in found[: max(0, len(found) - targets.get(key, 0))]]


def missing(targets: Mapping[int, int], kept: Mapping[int, int]) -> list[int]:
    """Functions that keep too few, one entry for each missing container, turn by turn."""
    lacking = {key: wanted - kept.get(key, 0) for key, wanted in targets.items()}
    rounds = range(max(lacking.values(), default=0))
    return [key for turn in rounds for key, count in lacking.items() if count > turn]


@dataclass(frozen=True)
class Cached:
    """An image that is there. `size`: bytes of code; `build_s`: how long its build took."""

    key: int
    size: int
    last_used: float  # Unix time
    build_s: float = 0.0
    is_busy: bool = False


def lru(image: Cached) -> float:
    """The least recently used one goes first."""
    return image.last_used


BUILD_WEIGHT = 60.0  # one second of build for each MiB of code counts like so many seconds of more recent use
MIB = 1 << 20


def greedy_dual(image: Cached) -> float:
    """GreedyDual-Size: what is small and costly to build stays longer than its last use alone would tell.

    Its value is a clock plus cost for size. The clock of the textbook rises with each eviction to the value that was
    evicted; ours is the time of the last use, so nothing has to be remembered, and an unused image ages all the same.
    """
    return image.last_used + BUILD_WEIGHT * image.build_s * MIB / max(image.size, 1)


Policy = Callable[[Cached], float]  # what it is worth to keep an image; the smallest goes first
EVICTION: Mapping[str, Policy] = {"lru": lru, "greedy-dual": greedy_dual}  # by WF_CACHE_POLICY


def victims(images: Iterable[Cached], limit: int, policy: Policy) -> list[int]:
    """Whom to evict so that the sizes fit in `limit` bytes (negative: no limit). Busy ones count, and stay.

    What does not fit even alone goes first: nobody else is evicted for its sake.
    """
    present = list(images)
    size = sum(image.size for image in present)
    chosen = []
    idle = [image for image in present if not image.is_busy]
    for image in sorted(idle, key=lambda one: (one.size <= limit, policy(one))):
        if size <= limit or limit < 0:
            break
        chosen.append(image.key)
        size -= image.size
    return chosen
