"""Who shall keep pre-warmed containers, how many, and which are too many. Pure."""

from __future__ import annotations

import pytest

from functions.upkeep.policy import Candidate, missing, pool_targets, surplus

MIB = 1 << 20
PLENTY = 1 << 40


def candidates(*memories: int) -> list[Candidate]:
    """Number 1 was used last, number 2 before it, and so on."""
    return [Candidate(key, -float(key), memory * MIB) for key, memory in enumerate(memories, start=1)]


@pytest.mark.parametrize(
    ("memories", "functions", "containers", "memory", "targets"),
    [
        ([], 6, 6, PLENTY, {}),
        ([64, 64, 64], 2, 6, PLENTY, {1: 6, 2: 6}),
        ([64], 6, 6, PLENTY, {1: 6}),
        ([64, 64], 0, 6, PLENTY, {}),
        ([64, 64], -1, 6, PLENTY, {}),
        ([64, 64], 2, 0, PLENTY, {1: 0, 2: 0}),
        ([64, 64], 2, 2, 256 * MIB, {1: 2, 2: 2}),
        ([64, 64], 2, 2, 255 * MIB, {1: 2, 2: 1}),  # whoever was used last gets its full number first
        ([64, 64], 2, 6, 256 * MIB, {1: 4, 2: 0}),
        ([512, 64], 2, 6, 256 * MIB, {1: 0, 2: 4}),  # what is too large leaves the room to the next
        ([64, 64], 2, 2, 0, {1: 0, 2: 0}),
    ],
)
def test_the_latest_functions_keep_containers_within_the_memory(
    memories: list[int], functions: int, containers: int, memory: int, targets: dict[int, int]
) -> None:
    found = candidates(*memories)
    assert pool_targets(found, functions, containers, memory) == targets
    assert pool_targets(reversed(found), functions, containers, memory) == targets


@pytest.mark.parametrize(
    ("targets", "kept", "too_many"),
    [
        ({}, {}, []),
        ({1: 2}, {}, []),
        ({1: 2}, {1: [11, 12]}, []),
        ({1: 2}, {1: [11, 12, 13, 14]}, [11, 12]),  # the oldest
        ({1: 0}, {1: [11]}, [11]),
        ({1: 2}, {1: [11], 2: [21, 22]}, [21, 22]),  # fallen out
        ({1: 1, 2: 1}, {1: [11, 12], 2: [21, 22]}, [11, 21]),
    ],
)
def test_what_is_too_much_goes_the_oldest_first(
    targets: dict[int, int], kept: dict[int, list[int]], too_many: list[int]
) -> None:
    assert surplus(targets, kept) == too_many


@pytest.mark.parametrize(
    ("targets", "kept", "lacking"),
    [
        ({}, {}, []),
        ({}, {1: 3}, []),
        ({1: 2}, {1: 2}, []),
        ({1: 2}, {1: 5}, []),
        ({1: 2}, {1: 1}, [1]),
        ({1: 3}, {}, [1, 1, 1]),
        ({1: 2, 2: 3, 3: 0}, {1: 1}, [1, 2, 2, 2]),  # turn by turn
        ({1: 2, 2: 2}, {}, [1, 2, 1, 2]),
    ],
)
def test_what_is_missing_is_named_turn_by_turn(
    targets: dict[int, int], kept: dict[int, int], lacking: list[int]
) -> None:
    assert missing(targets, kept) == lacking
