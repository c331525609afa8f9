"""A real django-q2 cluster on the test's database: while it lives, work goes to it; when it is gone, to a thread."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from django.db import connections
from django_q.models import OrmQ, Schedule, Task

from functions import dispatch
from functions.models import Function
from functions.models.image import ImageState
from tests.functions.models import rows
from tests.races.processes import ROOT, environment
from tests.worker import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("settled", "source_folder")

CHECK = "functions.tasks.check_source"


@pytest.fixture
def cluster() -> Iterator[subprocess.Popen[bytes]]:
    """A cluster as `manage.py start` runs it."""
    Schedule.objects.all().delete()  # only what a test asks for
    command = [sys.executable, "-m", "workerfront", "qcluster"]
    process = subprocess.Popen(
        command, env=environment(), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        eventually(dispatch.cluster_lives)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        eventually(lambda: not dispatch.cluster_lives())  # its sign of life is good for three seconds
        connections.close_all()


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
    eventually(lambda: not dispatch.cluster_lives())
    image = rows.image(ImageState.QUEUED)
    dispatch.enqueue("functions.tasks.build_image", image.pk, str(rows.TOKEN))
    eventually(lambda: rows.snapshot(image)["state"] == ImageState.FAILED)
    assert not OrmQ.objects.exists()
    assert Function.objects.count() == 1
