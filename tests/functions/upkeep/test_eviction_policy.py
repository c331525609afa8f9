"""Who leaves when the code does not fit. Pure."""

from __future__ import annotations

import pytest

from functions.upkeep.policy import BUILD_WEIGHT, EVICTION, MIB, Cached, greedy_dual, lru, victims
from workerfront.settings import WF_CACHE_POLICY


@pytest.mark.parametrize(
    ("sizes", "limit", "gone"),
    [
        ([], 0, []),
        ([5, 5, 5], -1, []),
        ([5, 5, 5], 15, []),
        ([5, 5, 5], 14, [1]),
        ([5, 5, 5], 5, [1, 2]),
        ([5, 5, 5], 0, [1, 2, 3]),
        ([5, 5, 16], 15, [3]),  # what does not fit even alone goes, and nobody for its sake
        ([16, 5, 16], 15, [1, 3]),
        ([0, 5, 5], 5, [1, 2]),
        ([1, 5], 4, [2]),
    ],
)
def test_the_least_recently_used_go_until_the_others_fit(sizes: list[int], limit: int, gone: list[int]) -> None:
    images = [Cached(key, size, last_used=float(key)) for key, size in enumerate(sizes, start=1)]
    assert victims(images, limit, lru) == gone
    assert victims(reversed(images), limit, lru) == gone


def test_busy_images_count_and_stay() -> None:
    images = [Cached(1, 5, 1.0, is_busy=True), Cached(2, 5, 2.0), Cached(3, 5, 3.0)]
    assert victims(images, 10, lru) == [2]
    assert victims([Cached(1, 99, 1.0, is_busy=True)], 10, lru) == []


def test_greedy_dual_keeps_what_is_small_and_costly_to_build() -> None:
    cheap, costly = Cached(1, MIB, 100.0, build_s=1), Cached(2, MIB, 99.0, build_s=30)
    large, small = Cached(3, 100 * MIB, 50.0, build_s=10), Cached(4, MIB, 49.0, build_s=10)
    assert victims([cheap, costly], MIB, greedy_dual) == [1]
    assert victims([cheap, costly], MIB, lru) == [2]
    assert victims([large, small], 50 * MIB, greedy_dual) == [3]
    assert greedy_dual(cheap) == 100.0 + BUILD_WEIGHT


def test_greedy_dual_lets_what_is_not_used_for_long_go_whatever_its_cost() -> None:
    costly, fresh = Cached(1, MIB, 0.0, build_s=60), Cached(2, MIB, 2 * 60 * BUILD_WEIGHT, build_s=1)
    assert victims([costly, fresh], MIB, greedy_dual) == [1]
    assert greedy_dual(Cached(3, 0, 1.0, build_s=1)) > greedy_dual(fresh)  # no code at all: nothing is won


def test_every_policy_can_be_chosen_and_the_first_is_lru() -> None:
    assert list(EVICTION) == ["lru", "greedy-dual"]  # as docs/configuration.md and the settings have them
    assert WF_CACHE_POLICY == "lru"
