"""Real django-q2 clusters on the test's database: each task goes to its queue, or another, or to a thread."""

from __future__ import annotations

import signal
import subprocess
import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task

from functions import dispatch
from functions.models import Function
from functions.models.image import ImageState
from tests.functions.models import rows
from tests.races.processes import ROOT, environment
from tests.worker import eventually
from workerfront.members import BOUND

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("settled", "source_folder")

CHECK = "functions.tasks.check_source"
BUILD = "functions.tasks.build_image"
BEAT = "functions.tasks.beat"


@contextmanager
def running(queue: str) -> Iterator[subprocess.Popen[bytes]]:
    """A cluster as `manage.py start` runs it; that of builds is what a plain `qcluster` is."""
    Schedule.objects.all().delete()  # only what a test asks for
    name = {} if queue == dispatch.BUILDS else {"Q_CLUSTER_NAME": queue}
    process = subprocess.Popen(
        [*BOUND, "workerfront", "qcluster"],
        env={**environment(), **name},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: dispatch.cluster_lives(queue))
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        dispatch.release(queue)  # its sign of life would be good for three seconds
        connections.close_all()


@pytest.fixture
def cluster() -> Iterator[subprocess.Popen[bytes]]:
    with running(dispatch.BUILDS) as process:
        yield process


def in_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("functions.tasks")]


def test_work_goes_to_the_cluster_and_is_done_there(cluster: subprocess.Popen[bytes]) -> None:
    image = rows.image(ImageState.QUEUED)
    dispatch.enqueue("functions.tasks.build_image", image.pk, str(rows.TOKEN))
    assert in_threads() == []
    eventually(lambda: rows.snapshot(image)["state"] == ImageState.FAILED)
    seen = rows.snapshot(image)
    assert (seen["error_code"], seen["attempts"]) == ("function_not_found", 0)  # the storage has no such package
    eventually(lambda: Task.objects.filter(func="functions.tasks.build_image", success=True).exists())
    eventually(lambda: not OrmQ.objects.exists())


def test_without_the_cluster_work_is_done_here(cluster: subprocess.Popen[bytes]) -> None:
    cluster.send_signal(signal.SIGTERM)
    cluster.wait(30)
    eventually(lambda: not dispatch.cluster_lives(dispatch.BUILDS))
    image = rows.image(ImageState.QUEUED)
    dispatch.enqueue("functions.tasks.build_image", image.pk, str(rows.TOKEN))
    eventually(lambda: rows.snapshot(image)["state"] == ImageState.FAILED)
    assert not OrmQ.objects.exists()
    assert Function.objects.count() == 1


def test_each_task_has_a_queue_and_a_lone_cluster_of_builds_takes_all(cluster: subprocess.Popen[bytes]) -> None:
    assert dispatch.queue_for(BUILD) == dispatch.queue_for(CHECK) == dispatch.BUILDS
    with running(dispatch.UPKEEP):
        assert (dispatch.queue_for(BUILD), dispatch.queue_for(CHECK)) == (dispatch.BUILDS, dispatch.UPKEEP)
        dispatch.enqueue(CHECK, 4711)
        eventually(lambda: Task.objects.filter(func=CHECK, cluster=dispatch.UPKEEP, success=True).exists())


def test_a_beat_is_pending_until_it_is_done_and_leaves_no_record() -> None:
    beat = dispatch.ask(dispatch.UPKEEP, BEAT)
    assert dispatch.is_pending(beat)
    with running(dispatch.UPKEEP):
        assert dispatch.queue_for(BUILD) is None
        eventually(lambda: not dispatch.is_pending(beat))
        assert not dispatch.is_busy(dispatch.UPKEEP)
    assert not Task.objects.exists()


def test_workers_are_busy_while_each_is_at_a_task() -> None:
    tasks = [dispatch.ask(dispatch.UPKEEP, "tests.races.test_cluster.wait_for_release") for _ in range(2)]
    gate = settings.WF_HOME / "gate"
    with running(dispatch.UPKEEP):
        eventually(lambda: dispatch.is_busy(dispatch.UPKEEP))
        gate.touch()
        eventually(lambda: not any(map(dispatch.is_pending, tasks)))
        assert not dispatch.is_busy(dispatch.UPKEEP)
    gate.unlink()


def wait_for_release() -> None:
    """A task that lasts until the test has seen it."""
    eventually((settings.WF_HOME / "gate").exists)


def test_what_a_dead_cluster_was_at_is_delivered_again() -> None:
    beat = dispatch.ask(dispatch.UPKEEP, BEAT)
    OrmQ.objects.filter(pk=beat).update(lock=timezone.now() + timedelta(minutes=5))  # taken, and never done
    with running(dispatch.UPKEEP):
        assert dispatch.is_pending(beat)
        dispatch.release(dispatch.UPKEEP)
        eventually(lambda: not dispatch.is_pending(beat))
