"""Failed builds wait 5, 30 and 120 seconds; builders that died are counted in the row, and three are enough."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from functions import liveness
from functions.models import Image
from functions.models.image import ImageState
from tests.functions.models import rows

pytestmark = pytest.mark.django_db


def build_and_fail(image: Image) -> timedelta:
    """One more build, which fails; for how long the next one waits."""
    Image.objects.filter(pk=image.pk, state=ImageState.FAILED).update(retry_at=timezone.now())
    token = Image.objects.enqueue(image.pk, "")
    assert token
    assert Image.objects.begin_build(image.pk, token)
    before = timezone.now()
    assert Image.objects.fail(image.pk, token, code="build_failed", error="no", log="why")
    retry_at: timedelta = rows.snapshot(image)["retry_at"] - before
    return retry_at


def build_and_die(image: Image) -> None:
    """A builder begins, and its lease ends without another word of it."""
    token = Image.objects.enqueue(image.pk, "")
    assert token
    assert Image.objects.begin_build(image.pk, token)
    assert Image.objects.expire(timezone.now() + timedelta(minutes=1)) == 1


def test_the_back_off_grows_and_then_stays() -> None:
    image = rows.image()
    waits = [build_and_fail(image).total_seconds() for _ in range(5)]
    assert waits == pytest.approx([5, 30, 120, 120, 120], abs=2)
    assert rows.snapshot(image)["failures"] == 5


def test_a_failed_build_is_not_queued_before_its_back_off_ends() -> None:
    image = rows.image(ImageState.FAILED, retry_at=timezone.now() + timedelta(seconds=5))
    assert Image.objects.enqueue(image.pk, "") is None
    Image.objects.filter(pk=image.pk).update(retry_at=timezone.now() - timedelta(milliseconds=1))
    assert Image.objects.enqueue(image.pk, "")


def test_a_back_off_that_seems_longer_than_any_is_of_a_clock_that_was_set_back() -> None:
    image = rows.image(ImageState.FAILED, retry_at=timezone.now() + timedelta(hours=1))
    assert not image.rests(timezone.now())
    assert Image.objects.enqueue(image.pk, "")


def test_a_failure_keeps_its_reason_and_forgets_its_lease() -> None:
    image = rows.image(ImageState.BUILDING)
    assert Image.objects.fail(image.pk, rows.TOKEN, code="source_invalid", error="because", log="line")
    seen = rows.snapshot(image)
    assert (seen["error_code"], seen["error"], seen["log"]) == ("source_invalid", "because", "line")
    assert (seen["lease_token"], seen["lease_expires_at"], seen["attempts"]) == (None, None, 0)


def test_retry_now_ends_the_back_off_and_begins_counting_anew() -> None:
    image = rows.image(ImageState.FAILED, retry_at=timezone.now() + timedelta(seconds=100), failures=3)
    assert Image.objects.retry_now(image.pk)
    assert build_and_fail(image).total_seconds() == pytest.approx(5, abs=2)


@pytest.mark.parametrize("state", [ImageState.QUEUED, ImageState.BUILDING])
def test_a_lease_that_ended_leads_back_to_absent(state: ImageState) -> None:
    image = rows.image(state)
    assert Image.objects.expire(timezone.now()) == 0
    assert Image.objects.expire(timezone.now() + timedelta(minutes=1)) == 1
    seen = rows.snapshot(image)
    assert (seen["state"], seen["lease_token"], seen["lease_expires_at"]) == (ImageState.ABSENT, None, None)


def test_three_dead_builders_are_a_failed_build() -> None:
    image = rows.image()
    build_and_die(image)
    assert rows.snapshot(image)["state"] == ImageState.ABSENT
    build_and_die(image)
    assert rows.snapshot(image)["state"] == ImageState.ABSENT
    build_and_die(image)
    seen = rows.snapshot(image)
    assert seen["state"] == ImageState.FAILED
    assert (seen["error_code"], seen["attempts"]) == ("build_failed", 0)
    assert "died 3 times" in seen["error"]
    assert seen["retry_at"] > timezone.now() + timedelta(seconds=100)


@pytest.mark.parametrize(("builder", "is_dead"), [("died", True), ("unknown", False), ("lives", False)])
def test_the_lease_of_a_builder_that_died_is_over_at_once(builder: str, is_dead: bool) -> None:
    image, owners = rows.image(ImageState.QUEUED), {"died": "nobody", "unknown": "", "lives": liveness.me()}
    assert Image.objects.begin_build(image.pk, rows.TOKEN, owners[builder])
    image.refresh_from_db()
    assert image.is_overdue(timezone.now()) is is_dead
    assert image.is_overdue(timezone.now() + timedelta(minutes=1))
    assert Image.objects.expire(timezone.now()) == int(is_dead)
    assert rows.snapshot(image)["state"] == (ImageState.ABSENT if is_dead else ImageState.BUILDING)


def test_only_builds_die_with_their_owner() -> None:
    image = rows.image(ImageState.QUEUED, owner="nobody")
    assert not image.is_overdue(timezone.now())
    assert Image.objects.expire(timezone.now()) == 0


def test_a_builder_that_gets_to_an_end_resets_the_count_of_the_dead() -> None:
    image = rows.image()
    build_and_die(image)
    build_and_die(image)
    build_and_fail(image)
    Image.objects.retry_now(image.pk)
    build_and_die(image)
    assert rows.snapshot(image)["state"] == ImageState.ABSENT


def test_a_build_that_was_taken_over_cannot_end_itself() -> None:
    image = rows.image()
    first = Image.objects.enqueue(image.pk, "")
    assert first
    assert Image.objects.begin_build(image.pk, first)
    Image.objects.expire(timezone.now() + timedelta(minutes=1))
    second = Image.objects.enqueue(image.pk, "")
    assert second
    assert Image.objects.begin_build(image.pk, second)
    assert not Image.objects.renew(image.pk, first)
    assert not Image.objects.ready(image.pk, first, image_id="sha256:late")
    assert Image.objects.ready(image.pk, second, image_id="sha256:mine")


@pytest.mark.parametrize("state", [ImageState.ABSENT, ImageState.READY, ImageState.FAILED])
def test_what_nobody_is_at_does_not_expire(state: ImageState) -> None:
    rows.image(state)
    assert Image.objects.expire(timezone.now() + timedelta(days=365)) == 0


def test_an_eviction_that_died_is_over_after_its_lease() -> None:
    image = rows.image(ImageState.READY)
    assert Image.objects.begin_eviction(image)
    assert Image.objects.expire(timezone.now()) == 0
    assert Image.objects.expire(timezone.now() + timedelta(minutes=10)) == 1
    assert rows.snapshot(image)["state"] == ImageState.ABSENT
