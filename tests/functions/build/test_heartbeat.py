"""The lease of a build: renewed while the builder lives, and the row ended when its time is over."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from functions.build import heartbeat as heartbeat_module
from functions.build.heartbeat import INTERVAL_S, heartbeat
from functions.build.log import BuildLog
from functions.models import Image
from functions.models.image import BUILD_LEASE, ImageQuerySet, ImageState
from tests.functions.models import rows
from tests.worker import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_lease_is_renewed_several_times_before_it_ends() -> None:
    assert BUILD_LEASE.total_seconds() / 4 >= INTERVAL_S


def test_a_builder_that_lives_keeps_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat_module, "INTERVAL_S", 0.01)
    image = rows.image(ImageState.BUILDING, lease_expires_at=timezone.now())
    with heartbeat(image.pk, rows.TOKEN, 60, BuildLog()):
        eventually(lambda: rows.snapshot(image)["lease_expires_at"] > timezone.now() + BUILD_LEASE / 2)
    assert rows.snapshot(image)["state"] == ImageState.BUILDING


def test_after_the_block_nothing_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat_module, "INTERVAL_S", 0.01)
    before = threading.active_count()
    with heartbeat(rows.image(ImageState.BUILDING).pk, rows.TOKEN, 60, BuildLog()):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_when_the_limit_is_over_the_waiting_callers_hear_of_it() -> None:
    image = rows.image(ImageState.BUILDING)
    with heartbeat(image.pk, rows.TOKEN, 0.05, BuildLog()):
        eventually(lambda: rows.snapshot(image)["state"] == ImageState.FAILED)
    seen = rows.snapshot(image)
    assert seen["error_code"] == "build_timeout"
    assert "0.05 s" in seen["error"]


def test_a_build_of_somebody_else_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat_module, "INTERVAL_S", 0.01)
    image = rows.image(ImageState.BUILDING)
    before = rows.snapshot(image)
    with heartbeat(image.pk, rows.OTHER_TOKEN, 0.05, BuildLog()):
        beats = next(thread for thread in threading.enumerate() if thread.name == "build-lease")
        beats.join()
    assert rows.snapshot(image) == before


def test_a_database_that_fails_once_does_not_end_the_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat_module, "INTERVAL_S", 0.01)
    renew, failures = ImageQuerySet.renew, iter([DatabaseError("locked")])

    def failing_once(self: ImageQuerySet, pk: int, token: object) -> bool:
        for failure in failures:
            raise failure
        return renew(self, pk, token)  # type: ignore[arg-type]

    monkeypatch.setattr(type(Image.objects), "renew", lambda self, pk, token: failing_once(self.all(), pk, token))
    image = rows.image(ImageState.BUILDING, lease_expires_at=timezone.now() - timedelta(hours=1))
    with heartbeat(image.pk, rows.TOKEN, 60, BuildLog()):
        eventually(lambda: rows.snapshot(image)["lease_expires_at"] > timezone.now())
