"""When is a cluster stuck, when is something started again, when is a sweep due? Plain numbers in, answers out."""

from __future__ import annotations

import pytest

from workerfront import watchdog
from workerfront.watchdog import ANSWER_WITHIN_S, BEAT_EVERY_S, START_WITHIN_S, Watch

LOOK_S = 1.0


def living(at: float = 0.0) -> Watch:
    """A cluster that has just answered."""
    return Watch(since=at, has_lived=True, beat=None, beat_at=at)


def waiting() -> Watch:
    """One that was asked at 0."""
    watch = living()
    watch.beat = 7
    return watch


def test_a_cluster_is_asked_some_seconds_after_its_last_answer() -> None:
    watch = living()
    assert not watch.wants_beat(BEAT_EVERY_S - 1)
    assert watch.wants_beat(BEAT_EVERY_S)
    watch.beat = 7
    assert not watch.wants_beat(BEAT_EVERY_S)
    watch.note(5, lives=True, busy=False, answered=True)
    assert not watch.wants_beat(5)
    assert watch.wants_beat(5 + BEAT_EVERY_S)


def test_a_beat_without_answer_shows_that_it_is_stuck() -> None:
    watch = waiting()
    for now in range(int(ANSWER_WITHIN_S) + 1):
        watch.note(now, lives=True, busy=False, answered=False)
        assert not watch.is_stuck(now)
    assert watch.is_stuck(ANSWER_WITHIN_S + LOOK_S)


def test_it_is_noticed_within_twenty_seconds() -> None:
    assert BEAT_EVERY_S + ANSWER_WITHIN_S + 2 * LOOK_S <= 20


def test_while_all_are_at_a_task_the_beat_may_wait() -> None:
    watch = waiting()
    watch.note(100, lives=True, busy=True, answered=False)
    for now in range(100, 100 + int(ANSWER_WITHIN_S) + 1):
        watch.note(now, lives=True, busy=False, answered=False)
        assert not watch.is_stuck(now)
    assert watch.is_stuck(100 + ANSWER_WITHIN_S + LOOK_S)


def test_silence_shows_it_as_well() -> None:
    watch = living()
    watch.note(10, lives=False, busy=False, answered=False)
    assert not watch.is_stuck(ANSWER_WITHIN_S)
    assert watch.is_stuck(ANSWER_WITHIN_S + LOOK_S)


def test_a_start_may_last_longer_and_no_beat_is_wanted_before_its_end() -> None:
    watch = Watch(since=0)
    assert not watch.wants_beat(START_WITHIN_S)
    assert not watch.is_stuck(START_WITHIN_S)
    assert watch.is_stuck(START_WITHIN_S + LOOK_S)


def test_time_in_which_nobody_could_look_does_not_count() -> None:
    for watch in (waiting(), living(), Watch(since=0)):
        watch.excuse(500)
        assert not watch.is_stuck(500 + ANSWER_WITHIN_S)


def test_the_first_death_costs_no_time_and_the_fifth_in_a_row_is_the_last() -> None:
    assert [watchdog.pause_s(deaths) for deaths in range(6)] == [0.0, 0.5, 1.0, 2.0, 4.0, None]


@pytest.mark.parametrize(
    ("since_s", "is_pending", "is_urgent", "is_due"),
    [
        (4, False, False, False),
        (5, False, False, True),
        (5, True, False, False),
        (59, True, False, False),
        (60, True, False, True),
        (0, True, True, True),
    ],
)
def test_sweeps_do_not_pile_up(since_s: float, is_pending: bool, is_urgent: bool, is_due: bool) -> None:
    assert watchdog.sweep_is_due(since_s, is_pending=is_pending, is_urgent=is_urgent) is is_due
