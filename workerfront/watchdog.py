"""Does a task cluster still take tasks, and when is it started again? Pure decisions; times are of the monotonic clock.

A cluster can look alive and do nothing: a worker that was killed while it held the queue's lock leaves it locked for
ever. So each cluster is given a task that does nothing, a beat, every few seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

BEAT_EVERY_S = 3.0
ANSWER_WITHIN_S = 15.0  # also the longest silence; with the two others below 20 s
START_WITHIN_S = 60.0
QUICK_DEATHS = 5  # in a row: it would not help to start it once more


@dataclass
class Watch:
    """What is known of one cluster."""

    since: float  # its start, its last sign of life
    has_lived: bool = False
    beat: int | None = None  # the row of the one that it has not answered
    beat_at: float = 0.0  # when that was asked for, or the last one answered

    def excuse(self, now: float) -> None:
        """We could not look: nothing that it seems to have missed counts."""
        self.since = self.beat_at = now

    def note(self, now: float, *, lives: bool, busy: bool, answered: bool) -> None:
        """What one look has found. While all of its workers are at a task, none can take the beat."""
        if lives:
            self.since, self.has_lived = now, True
        if answered:
            self.beat = None
        if answered or busy:
            self.beat_at = now

    def wants_beat(self, now: float) -> bool:
        return self.has_lived and self.beat is None and now - self.beat_at >= BEAT_EVERY_S

    def is_stuck(self, now: float) -> bool:
        if not self.has_lived:
            return now - self.since > START_WITHIN_S
        waits_s = now - self.beat_at if self.beat is not None else 0.0
        return max(waits_s, now - self.since) > ANSWER_WITHIN_S


def pause_s(quick_deaths: int) -> float | None:
    """Before the next start, after so many deaths in a row before it had come to work. None: give up."""
    if quick_deaths >= QUICK_DEATHS:
        return None
    return 2.0 ** (quick_deaths - 2) if quick_deaths else 0.0


SWEEP_EVERY_S = 5.0
SWEEP_ENDS_S = 60.0  # a longer one was lost, or is cut off soon


def sweep_is_due(since_s: float, *, is_pending: bool, is_urgent: bool) -> bool:
    """One at a time, unless something has just died. `since_s`: since the last was asked for."""
    return is_urgent or since_s >= (SWEEP_ENDS_S if is_pending else SWEEP_EVERY_S)
