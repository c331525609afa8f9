"""Slots: so many calls at once, a bounded wait for the next, and a slot is never lost."""

from __future__ import annotations

import threading
import time

import pytest
from django.conf import settings as django_settings

from functions import liveness
from functions.errors import Draining, NodeSaturated
from functions.invoke.admission import Admission, refuse_while_draining
from functions.invoke.stages import Stages


def stages() -> Stages:
    return Stages(time.monotonic())


def test_who_finds_no_slot_is_told_to_come_back() -> None:
    admission = Admission(slots=2, wait_s=0.01)
    with admission.slot(stages()), admission.slot(stages()), pytest.raises(NodeSaturated) as raised:
        admission.slot(stages()).__enter__()
    assert raised.value.retry_after_s
    assert raised.value.status == 503


def test_without_a_wait_it_is_refused_at_once() -> None:
    admission = Admission(slots=1, wait_s=0)
    with admission.slot(stages()):
        began = time.monotonic()
        with pytest.raises(NodeSaturated), admission.slot(stages()):
            pass
        assert time.monotonic() - began < 1


def test_a_slot_is_given_back_even_by_a_call_that_failed() -> None:
    admission = Admission(slots=1, wait_s=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), admission.slot(stages()):
            raise ZeroDivisionError
    with admission.slot(stages()):
        pass


def test_a_refusal_takes_no_slot_away() -> None:
    admission = Admission(slots=1, wait_s=0)
    with admission.slot(stages()):
        for _ in range(5):
            with pytest.raises(NodeSaturated), admission.slot(stages()):
                pass
    with admission.slot(stages()):
        pass


def test_who_waits_gets_the_next_slot_and_the_wait_is_counted() -> None:
    admission, waiting = Admission(slots=1, wait_s=60), stages()
    got = threading.Event()

    def wait() -> None:
        with admission.slot(waiting):
            got.set()

    thread = threading.Thread(target=wait)
    with admission.slot(stages()):
        thread.start()
        assert not got.wait(0.3)
    assert got.wait(20)
    thread.join()
    assert waiting.spent_ms["queue"] >= 100  # a busy machine may begin to count late


def test_after_one_wait_in_vain_nobody_waits_until_a_slot_gets_free() -> None:
    admission, second = Admission(slots=1, wait_s=0.01), stages()
    with admission.slot(stages()):
        with pytest.raises(NodeSaturated), admission.slot(stages()):
            pass
        admission._wait_s = 60
        with pytest.raises(NodeSaturated), admission.slot(second):
            pass
    assert second.spent_ms["queue"] < 30_000
    thread = threading.Thread(target=lambda: admission.slot(stages()).__enter__())
    with admission.slot(stages()):
        thread.start()
        thread.join(0.05)
        assert thread.is_alive()
    thread.join(30)
    assert not thread.is_alive()


def test_calls_are_refused_while_the_supervisor_that_says_so_lives() -> None:
    django_settings.WF_DRAINING.write_text(liveness.me())
    try:
        with pytest.raises(Draining):
            refuse_while_draining()
    finally:
        django_settings.WF_DRAINING.unlink()
    refuse_while_draining()


@pytest.mark.parametrize("left", ["", "0" * 32])
def test_what_a_killed_supervisor_has_left_refuses_nothing(left: str) -> None:
    django_settings.WF_DRAINING.write_text(left)
    try:
        refuse_while_draining()
    finally:
        django_settings.WF_DRAINING.unlink()
