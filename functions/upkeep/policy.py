"""Decisions of upkeep on plain data: whom to evict, whom to keep pre-warmed. Pure: no database, no engine, no clock."""

from __future__ import annotations

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
