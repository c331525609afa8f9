"""What the transitions of a build write, beside the state."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from functions.models import Image
from functions.models.image import BUILD_LEASE, QUEUE_LEASE, ImageState
from tests.functions.models import rows

pytestmark = pytest.mark.django_db


def test_the_row_of_a_function_and_node_is_made_once() -> None:
    function = rows.function("Hello")
    first, second = Image.objects.of(function, "a"), Image.objects.of(function, "a")
    assert first.pk == second.pk
    assert (first.tag, first.state) == ("hf_hello", ImageState.ABSENT)
    assert Image.objects.of(function, "b").pk != first.pk


def test_the_database_itself_refuses_a_second_row() -> None:
    image = rows.image()
    with pytest.raises(IntegrityError):
        Image.objects.create(function=image.function, node=image.node, tag="hf_w1")


def test_each_win_has_a_token_of_its_own() -> None:
    image = rows.image()
    first = Image.objects.enqueue(image.pk, "")
    Image.objects.filter(pk=image.pk).update(state=ImageState.ABSENT)
    second = Image.objects.enqueue(image.pk, "")
    assert first
    assert second
    assert first != second
    assert rows.snapshot(image)["lease_token"] == second


def test_a_queued_build_is_leased_and_a_begun_one_longer() -> None:
    image, now = rows.image(), timezone.now()
    token = Image.objects.enqueue(image.pk, "")
    assert token
    assert rows.snapshot(image)["lease_expires_at"] >= now + QUEUE_LEASE
    Image.objects.filter(pk=image.pk).update(lease_expires_at=now)
    assert Image.objects.begin_build(image.pk, token)
    seen = rows.snapshot(image)
    assert seen["lease_expires_at"] >= now + BUILD_LEASE
    assert seen["build_started_at"] >= now
    assert seen["attempts"] == 1


def test_renewing_moves_the_end_of_the_lease() -> None:
    image = rows.image(ImageState.BUILDING, lease_expires_at=timezone.now())
    assert Image.objects.renew(image.pk, rows.TOKEN)
    assert rows.snapshot(image)["lease_expires_at"] > timezone.now() + BUILD_LEASE - timedelta(seconds=5)


def test_a_finished_build_forgets_its_failures_and_its_lease() -> None:
    image = rows.image(ImageState.BUILDING, attempts=2, failures=2, error="old", error_code="build_failed")
    assert Image.objects.ready(image.pk, rows.TOKEN, image_id="sha256:new", version="v2", log="all of it")
    seen = rows.snapshot(image)
    assert (seen["image_id"], seen["version"], seen["log"]) == ("sha256:new", "v2", "all of it")
    assert (seen["attempts"], seen["failures"], seen["error"], seen["error_code"]) == (0, 0, "", "")
    assert (seen["lease_token"], seen["lease_expires_at"]) == (None, None)
    assert seen["built_at"] is not None


def test_the_log_of_the_last_build_stays_until_the_next_one_has_ended() -> None:
    image = rows.image(ImageState.QUEUED, log="of last week")
    assert Image.objects.begin_build(image.pk, rows.TOKEN)
    assert rows.snapshot(image)["log"] == "of last week"


@pytest.mark.parametrize("version", ["", "another"])
def test_only_the_wanted_version_is_pinned(version: str) -> None:
    image = rows.image(ImageState.READY, version=version)
    assert not Image.objects.pin(image.pk, rows.VERSION)
    assert not Image.objects.pin(image.pk, "")


def test_pinning_says_when_the_image_was_used() -> None:
    image, now = rows.image(ImageState.READY), timezone.now()
    assert Image.objects.pin(image.pk, rows.VERSION)
    assert rows.snapshot(image)["last_used_at"] >= now


def test_a_ready_image_of_the_wanted_version_is_not_built_again() -> None:
    assert Image.objects.enqueue(rows.image(ImageState.READY).pk, rows.VERSION) is None


@pytest.mark.parametrize("wanted", ["", "v2"])
def test_an_outdated_image_is_built_again(wanted: str) -> None:
    assert Image.objects.enqueue(rows.image(ImageState.READY).pk, wanted)


def test_another_image_that_was_lost_is_not_this_one() -> None:
    image = rows.image(ImageState.READY)
    assert not Image.objects.lost(image.pk, "sha256:older")
    assert Image.objects.lost(image.pk, "sha256:aaa")
    assert rows.snapshot(image)["image_id"] == ""


@pytest.mark.parametrize("state", ImageState)
def test_only_a_ready_image_of_a_known_version_is_current(state: ImageState) -> None:
    image = rows.image(state, version=rows.VERSION)
    assert image.is_current is (state == ImageState.READY)
    image.function.version = image.version = ""
    assert not image.is_current
