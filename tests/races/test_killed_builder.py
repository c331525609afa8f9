"""A builder that is killed in the middle: its lease ends, the next attempt takes over, and three are enough."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.utils import timezone

from functions.build import images
from functions.errors import BuildFailed
from functions.models import Image
from functions.models.image import ImageState
from functions.tasks import build_image
from tests.functions.build.packages import package
from tests.functions.models import rows
from tests.races.processes import started
from tests.worker import eventually

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator
    from pathlib import Path

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled")

# A build task as a worker runs it, with an engine that never ends, and leases short enough for a test.
BUILDER = """
import sys, threading
from datetime import timedelta
import django
django.setup()
from functions.build import heartbeat, platform
from functions.models import image
from functions.tasks import build_image
from tests.functions.fake_engine import FakeEngine

image.BUILD_LEASE, heartbeat.INTERVAL_S = timedelta(seconds=1), 0.1
engine = FakeEngine()
def hang():
    print("building", flush=True)
    threading.Event().wait()
engine.before_build = hang
platform.connect = lambda: engine
build_image(int(sys.argv[1]), sys.argv[2])
print("ended", flush=True)
"""


@contextmanager
def builder(image: Image, token: uuid.UUID) -> Iterator[None]:
    """A builder in the middle of its build. It is killed with SIGKILL at the end of the block."""
    with started(BUILDER, str(image.pk), str(token)) as process:
        assert process.stdout
        assert process.stdout.readline() == "building\n"
        yield


def queued(image: Image) -> uuid.UUID:
    token = Image.objects.enqueue(image.pk, "")
    assert token
    return token


@pytest.fixture
def image(platform: Platform, source_folder: Path) -> Iterator[Image]:
    package(source_folder)
    yield rows.image()
    for folder in (settings.WF_HOME / "work").iterdir():  # a killed builder leaves its folder to the sweep
        shutil.rmtree(folder)


def test_while_it_lives_its_lease_is_renewed_and_nobody_takes_over(image: Image) -> None:
    with builder(image, queued(image)):
        first = rows.snapshot(image)["lease_expires_at"]
        eventually(lambda: timezone.now() > first)
        assert Image.objects.expire(timezone.now()) == 0
        seen = rows.snapshot(image)
        assert seen["state"] == ImageState.BUILDING
        assert seen["lease_expires_at"] > first


def test_a_waiting_call_takes_over_from_a_builder_that_was_killed(
    image: Image, platform: Platform, fake_engine: FakeEngine
) -> None:
    with builder(image, queued(image)):
        assert rows.snapshot(image)["attempts"] == 1
    assert images.ensure(image.function, platform).built
    seen = rows.snapshot(image)
    assert (seen["state"], seen["attempts"]) == (ImageState.READY, 0)
    assert fake_engine.history.count("build") == 1


def test_a_package_that_kills_three_builders_is_a_failed_build(
    image: Image, platform: Platform, fake_engine: FakeEngine
) -> None:
    for attempt in (1, 2, 3):
        with builder(image, queued(image)):
            assert rows.snapshot(image)["attempts"] == attempt
        eventually(lambda: Image.objects.expire(timezone.now()) == 1)
    seen = rows.snapshot(image)
    assert (seen["state"], seen["error_code"]) == (ImageState.FAILED, "build_failed")
    with pytest.raises(BuildFailed, match="died 3 times"):
        images.ensure(image.function, platform)
    assert "build" not in fake_engine.history


def test_a_task_of_a_killed_builder_that_is_delivered_again_does_nothing(
    image: Image, platform: Platform, fake_engine: FakeEngine
) -> None:
    token = queued(image)
    with builder(image, token):
        build_image(image.pk, str(token))
    assert "build" not in fake_engine.history
    eventually(lambda: Image.objects.expire(timezone.now()) == 1)
    build_image(image.pk, str(token))
    assert "build" not in fake_engine.history
    assert rows.snapshot(image)["state"] == ImageState.ABSENT
