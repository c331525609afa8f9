"""Every transition of an image: from the right states only, and once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from functions.models import Image
from functions.models.image import ImageState
from tests.functions.models import rows

pytestmark = pytest.mark.django_db

Transition = Callable[[int], object]
ABSENT, QUEUED, BUILDING, READY, EVICTING, FAILED = ImageState
HELD = {"lease_token": rows.TOKEN, "version": rows.VERSION}  # every row has these, so that it is the state that decides

TRANSITIONS: dict[str, tuple[Transition, set[ImageState]]] = {
    "pin": (lambda pk: Image.objects.pin(pk, rows.VERSION), {READY}),
    "enqueue": (lambda pk: Image.objects.enqueue(pk, "another version"), {ABSENT, READY, FAILED}),
    "retry_now": (Image.objects.retry_now, {FAILED}),
    "begin_build": (lambda pk: Image.objects.begin_build(pk, rows.TOKEN), {QUEUED}),
    "renew": (lambda pk: Image.objects.renew(pk, rows.TOKEN), {BUILDING}),
    "ready": (lambda pk: Image.objects.ready(pk, rows.TOKEN, image_id="sha256:b"), {BUILDING}),
    "fail": (lambda pk: Image.objects.fail(pk, rows.TOKEN, code="c", error="e", log="l"), {BUILDING}),
    "lost": (lambda pk: Image.objects.lost(pk, "sha256:aaa"), {READY}),
    "begin_eviction": (lambda pk: Image.objects.begin_eviction(Image(pk=pk)), {ABSENT, READY, FAILED, EVICTING}),
    "evict": (lambda pk: Image.objects.evict(Image(pk=pk)), {READY}),
    "evicted": (Image.objects.evicted, {EVICTING}),
    "give_up_eviction": (Image.objects.give_up_eviction, {EVICTING}),
}
ENDS = {"enqueue": QUEUED, "begin_build": BUILDING, "ready": READY, "fail": FAILED, "lost": ABSENT}
ENDS |= {"begin_eviction": EVICTING, "evict": EVICTING, "evicted": ABSENT, "give_up_eviction": ABSENT}


@pytest.mark.parametrize("state", ImageState)
@pytest.mark.parametrize("name", TRANSITIONS)
def test_a_transition_starts_from_the_right_states_only(name: str, state: ImageState) -> None:
    transition, allowed = TRANSITIONS[name]
    image = rows.image(state, **HELD, **({"image_id": "sha256:aaa"} if state != READY else {}))
    before = rows.snapshot(image)
    assert bool(transition(image.pk)) is (state in allowed)
    after = rows.snapshot(image)
    assert after["state"] == (ENDS.get(name, state) if state in allowed else state)
    assert (before == after) is (state not in allowed)


@pytest.mark.parametrize("name", ["enqueue", "begin_build", "ready", "fail", "lost"])
def test_a_transition_happens_once(name: str) -> None:
    transition, allowed = TRANSITIONS[name]
    image = rows.image(sorted(allowed)[0], **HELD)
    assert transition(image.pk)
    assert not transition(image.pk)


@pytest.mark.parametrize("name", TRANSITIONS)
def test_a_transition_of_one_image_leaves_the_others_alone(name: str) -> None:
    transition, allowed = TRANSITIONS[name]
    state = sorted(allowed)[0]
    image, other = rows.image(state, **HELD), rows.image(state, rows.function("W2"), **HELD)
    before = rows.snapshot(other)
    assert transition(image.pk)
    assert rows.snapshot(other) == before


@pytest.mark.parametrize(("name", "state"), [("begin_build", QUEUED), ("renew", BUILDING), ("ready", BUILDING)])
def test_another_token_changes_nothing(name: str, state: ImageState) -> None:
    image = rows.image(state, lease_token=rows.OTHER_TOKEN)
    before = rows.snapshot(image)
    assert not TRANSITIONS[name][0](image.pk)
    assert rows.snapshot(image) == before


def test_another_token_cannot_fail_a_build() -> None:
    image = rows.image(BUILDING)
    assert not Image.objects.fail(image.pk, rows.OTHER_TOKEN, code="c", error="e", log="l")
    assert rows.snapshot(image)["state"] == BUILDING


def test_a_missing_row_is_no_error() -> None:
    assert [bool(transition(4711)) for transition, _ in TRANSITIONS.values()] == [False] * len(TRANSITIONS)
