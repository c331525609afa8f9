"""The row of an image is the lock of its build: one winner, in threads and in processes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from functions.models import Execution, Function, Image
from functions.models.execution import ExecutionState
from functions.models.image import ImageState
from tests.functions.models import rows
from tests.races import processes
from tests.races.windows import at_once, overtaken

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE, PROCESSES = 20, 4
PAST = timedelta(seconds=-1)


def state_of(image: Image) -> str:
    return str(rows.snapshot(image)["state"])


@pytest.mark.parametrize("state", [ImageState.ABSENT, ImageState.FAILED, ImageState.READY])
def test_one_of_twenty_queues_a_build(state: ImageState) -> None:
    image = rows.image(state)
    tokens = at_once([lambda: Image.objects.enqueue(image.pk, "another")] * PEOPLE)
    won = [token for token in tokens if token]
    assert len(won) == 1
    assert rows.snapshot(image)["lease_token"] == won[0]


def test_one_of_several_processes_queues_a_build() -> None:
    image = rows.image()
    tokens = processes.at_once([f"Image.objects.enqueue({image.pk}, '')"] * PROCESSES)
    (won,) = [token for token in tokens if token]
    assert str(rows.snapshot(image)["lease_token"]) == won


def test_a_task_that_is_delivered_twice_begins_once() -> None:
    image = rows.image(ImageState.QUEUED)
    begun = at_once([lambda: Image.objects.begin_build(image.pk, rows.TOKEN)] * PEOPLE)
    assert begun.count(True) == 1
    assert rows.snapshot(image)["attempts"] == 1


def test_a_task_that_is_delivered_to_several_processes_begins_once() -> None:
    image = rows.image(ImageState.QUEUED)
    begun = processes.at_once([f"Image.objects.begin_build({image.pk}, UUID('{rows.TOKEN}'))"] * PROCESSES)
    assert sorted(begun) == [False] * (PROCESSES - 1) + [True]
    assert rows.snapshot(image)["attempts"] == 1


def test_an_image_that_is_queued_under_a_pin_is_not_pinned() -> None:
    image = rows.image(ImageState.READY)
    pinned, queued = overtaken(
        lambda: Image.objects.pin(image.pk, rows.VERSION), lambda: Image.objects.enqueue(image.pk, "another")
    )
    assert (pinned, bool(queued)) == (False, True)
    assert rows.snapshot(image)["last_used_at"] is None


def test_an_image_that_is_evicted_under_a_pin_is_not_pinned() -> None:
    image = rows.image(ImageState.READY)
    pinned, evicting = overtaken(
        lambda: Image.objects.pin(image.pk, rows.VERSION), lambda: Image.objects.begin_eviction(image)
    )
    assert (pinned, evicting) == (False, True)


def test_an_image_that_is_pinned_under_its_eviction_stays() -> None:
    image = rows.image(ImageState.READY, last_used_at=timezone.now())
    evicting, pinned = overtaken(lambda: Image.objects.evict(image), lambda: Image.objects.pin(image.pk, rows.VERSION))
    assert (evicting, pinned) == (False, True)


def test_an_image_that_is_chosen_to_go_under_a_pin_is_not_pinned() -> None:
    image = rows.image(ImageState.READY, last_used_at=timezone.now())
    pinned, evicting = overtaken(lambda: Image.objects.pin(image.pk, rows.VERSION), lambda: Image.objects.evict(image))
    assert (pinned, evicting) == (False, True)


def test_an_image_whose_call_comes_under_its_eviction_stays() -> None:
    image = rows.image(ImageState.READY, last_used_at=timezone.now())
    evicting, _ = overtaken(
        lambda: Image.objects.evict(image), lambda: rows.execution(ExecutionState.QUEUED, function=image.function)
    )
    assert evicting is False
    assert Execution.objects.get().state == ExecutionState.QUEUED


def test_an_image_that_is_pinned_under_an_enqueue_is_queued_all_the_same() -> None:
    image = rows.image(ImageState.READY)
    queued, pinned = overtaken(
        lambda: Image.objects.enqueue(image.pk, "another"), lambda: Image.objects.pin(image.pk, rows.VERSION)
    )
    assert (bool(queued), pinned) == (True, True)
    assert state_of(image) == ImageState.QUEUED


def test_an_image_that_became_current_under_an_enqueue_is_not_queued() -> None:
    image = rows.image(ImageState.READY, version="old")
    queued, _ = overtaken(
        lambda: Image.objects.enqueue(image.pk, rows.VERSION),
        lambda: Image.objects.filter(pk=image.pk).update(version=rows.VERSION),
    )
    assert queued is None
    assert state_of(image) == ImageState.READY


def test_pins_and_enqueues_at_once_agree_with_the_row() -> None:
    image = rows.image(ImageState.READY)
    pins = [lambda: Image.objects.pin(image.pk, rows.VERSION)] * 10
    results = at_once([*pins, *[lambda: Image.objects.enqueue(image.pk, "another")] * 10])
    pinned, queued = results[:10], results[10:]
    assert len([token for token in queued if token]) == 1
    assert (rows.snapshot(image)["last_used_at"] is not None) is any(pinned)
    assert state_of(image) == ImageState.QUEUED


@pytest.mark.parametrize("begins_first", [True, False])
def test_eviction_and_build_exclude_each_other(begins_first: bool) -> None:
    image = rows.image()
    evict, queue = (lambda: Image.objects.begin_eviction(image)), (lambda: Image.objects.enqueue(image.pk, ""))
    slow, fast = overtaken(evict, queue) if begins_first else overtaken(queue, evict)
    assert (bool(slow), bool(fast)) == (False, True)


def test_a_builder_that_gives_a_sign_of_life_under_a_sweep_is_not_expired() -> None:
    image = rows.image(ImageState.BUILDING, lease_expires_at=timezone.now() + PAST)
    expired, renewed = overtaken(
        lambda: Image.objects.expire(timezone.now()), lambda: Image.objects.renew(image.pk, rows.TOKEN)
    )
    assert (expired, renewed) == (0, True)
    assert state_of(image) == ImageState.BUILDING


@pytest.mark.parametrize("end", ["ready", "fail", "renew"])
def test_a_builder_whose_lease_was_taken_over_ends_nothing(end: str) -> None:
    image = rows.image(ImageState.BUILDING, lease_expires_at=timezone.now() + PAST)
    works = {
        "ready": lambda: Image.objects.ready(image.pk, rows.TOKEN, image_id="sha256:late"),
        "fail": lambda: Image.objects.fail(image.pk, rows.TOKEN, code="c", error="e", log="l"),
        "renew": lambda: Image.objects.renew(image.pk, rows.TOKEN),
    }

    def take_over() -> bool:
        Image.objects.expire(timezone.now())
        token = Image.objects.enqueue(image.pk, "")
        return token is not None and Image.objects.begin_build(image.pk, token)

    ended, taken_over = overtaken(works[end], take_over)
    assert (ended, taken_over) == (False, True)
    seen = rows.snapshot(image)
    assert (seen["state"], seen["image_id"], seen["attempts"]) == (ImageState.BUILDING, "", 2)


@pytest.mark.parametrize("attempts", [1, 3])
def test_twenty_sweeps_at_once_count_one_dead_builder(attempts: int) -> None:
    image = rows.image(ImageState.BUILDING, attempts=attempts, lease_expires_at=timezone.now() + PAST)
    assert sum(at_once([lambda: Image.objects.expire(timezone.now())] * PEOPLE)) == 1
    assert state_of(image) == (ImageState.FAILED if attempts == 3 else ImageState.ABSENT)


def test_the_row_of_an_image_is_made_once_by_twenty() -> None:
    function = rows.function()
    found = at_once([lambda: Image.objects.of(Function.objects.get(pk=function.pk), "node").pk] * PEOPLE)
    assert len(set(found)) == 1
    assert Image.objects.count() == 1
