"""Where a call's time goes."""

from __future__ import annotations

import time

import pytest

from functions.invoke.stages import Stages


def test_times_of_a_stage_add_up() -> None:
    stages = Stages(time.monotonic())
    with stages.measure("start"):
        first = _spend_ms(3)
    after_first = stages.spent_ms["start"]
    with stages.measure("start"):
        second = _spend_ms(3)
    assert after_first >= first
    assert stages.spent_ms["start"] >= after_first + second
    assert set(stages.spent_ms) == {"start"}


def test_a_stage_that_fails_is_measured() -> None:
    stages = Stages(time.monotonic())
    with pytest.raises(ZeroDivisionError), stages.measure("build"):
        raise ZeroDivisionError
    assert stages.spent_ms["build"] >= 0


def test_the_total_counts_from_the_arrival() -> None:
    assert Stages(time.monotonic() - 2).total_ms() >= 2000


def _spend_ms(ms: float) -> float:
    began = time.monotonic()
    while (spent := (time.monotonic() - began) * 1000) < ms:
        pass
    return spent
