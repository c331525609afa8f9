"""Eviction: an image goes when no call uses it, and never one that was used after somebody chose it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from functions.models import Image
from functions.models.execution import OPEN, ExecutionState
from functions.models.image import ImageState
from tests.functions.models import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def image() -> Image:
    return rows.image(ImageState.READY, last_used_at=timezone.now() - timedelta(hours=1))


def state_of(image: Image) -> str:
    return str(rows.snapshot(image)["state"])


def test_an_idle_image_is_evicted_under_a_lease(image: Image) -> None:
    assert Image.objects.evict(image)
    seen = rows.snapshot(image)
    assert (seen["state"], seen["lease_expires_at"] > timezone.now()) == (ImageState.EVICTING, True)
    assert not Image.objects.evict(image)


@pytest.mark.parametrize("state", ExecutionState)
def test_an_image_of_an_open_call_stays(image: Image, state: ExecutionState) -> None:
    rows.execution(state, function=image.function)
    assert Image.objects.evict(image) is (state not in OPEN)


def test_calls_of_other_functions_and_other_nodes_keep_no_image(image: Image) -> None:
    rows.execution(ExecutionState.RUNNING, function=rows.function("Other"))
    rows.execution(ExecutionState.RUNNING, function=image.function, node="another-node")
    rows.execution(ExecutionState.RUNNING, function=None)
    assert Image.objects.evict(image)


def test_an_image_that_was_used_since_it_was_seen_stays(image: Image) -> None:
    assert Image.objects.pin(image.pk, rows.VERSION)
    assert not Image.objects.evict(image)
    assert state_of(image) == ImageState.READY
    image.refresh_from_db()
    assert Image.objects.evict(image)


def test_an_image_that_was_never_used_can_go() -> None:
    unused = rows.image(ImageState.READY)
    assert unused.last_used_at is None
    assert Image.objects.evict(unused)


def test_what_was_evicted_is_absent_and_can_be_built_again(image: Image) -> None:
    Image.objects.doom(image.node)
    Image.objects.evict(image)
    assert Image.objects.evicted(image.pk)
    seen = rows.snapshot(image)
    assert (seen["state"], seen["image_id"], seen["is_doomed"], seen["lease_expires_at"]) == ("ABSENT", "", False, None)
    assert Image.objects.enqueue(image.pk, rows.VERSION)


def test_an_eviction_whose_process_died_is_taken_up_again(image: Image) -> None:
    Image.objects.evict(image)
    assert Image.objects.expire(timezone.now()) == 0
    assert Image.objects.expire(timezone.now() + timedelta(hours=1)) == 1
    assert state_of(image) == ImageState.ABSENT


def test_the_images_of_a_node_are_doomed_and_those_of_others_are_not(image: Image) -> None:
    other = rows.image(ImageState.READY, rows.function("Other"), node="another-node")
    building = rows.image(ImageState.BUILDING, rows.function("Building"))
    assert Image.objects.doom(image.node) == 1
    assert [rows.snapshot(one)["is_doomed"] for one in (image, other, building)] == [True, False, False]


def test_a_new_build_lifts_the_doom() -> None:
    image = rows.image(ImageState.BUILDING, is_doomed=True)
    assert Image.objects.ready(image.pk, rows.TOKEN, image_id="sha256:new")
    assert not rows.snapshot(image)["is_doomed"]
