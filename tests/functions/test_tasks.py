"""The workers' entry points: by dotted path, with plain arguments, and safe to be delivered twice."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Schedule

from functions import dispatch, tasks
from functions.models import Function
from functions.models.execution import ExecutionState
from functions.models.image import ImageState
from tests.functions.build.packages import PYTHON, package
from tests.functions.models import rows

if TYPE_CHECKING:
    from tests.functions.fake_engine import FakeEngine

ROOT = Path(__file__).resolve().parents[2]
TASK = re.compile(r"functions\.tasks\.\w+")


def named_tasks() -> set[str]:
    """The tasks that the code names in strings."""
    found: set[str] = set()
    for path in (ROOT / "functions").rglob("*.py"):
        constants = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
        found |= {text for text in constants if isinstance(text, str) and TASK.fullmatch(text)}
    return found


def test_every_task_that_is_named_somewhere_exists() -> None:
    assert len(named_tasks()) >= 3
    for name in named_tasks():
        assert callable(import_string(name))


@pytest.mark.django_db
def test_upkeep_is_scheduled_by_the_migrations() -> None:
    Schedule.objects.all().delete()  # tests with threads have emptied the table, or have not
    for migration, step in (("0002_sweep_schedule", "schedule"), ("0004_sweep_queue", "ask")):
        getattr(import_module(f"functions.migrations.{migration}"), step)(apps, None)
    schedule = Schedule.objects.get(name="sweep")
    assert (schedule.func, schedule.schedule_type, schedule.minutes, schedule.repeats) == (
        "functions.tasks.ask_for_sweep",
        Schedule.MINUTES,
        1,
        -1,
    )
    assert callable(import_string(schedule.func))


@pytest.mark.usefixtures("settled", "platform")
def test_a_build_that_is_delivered_twice_is_done_once(fake_engine: FakeEngine, source_folder: Path) -> None:
    package(source_folder)
    image = rows.image(ImageState.QUEUED)
    for _ in range(2):
        tasks.build_image(image.pk, str(rows.TOKEN))
    assert rows.snapshot(image)["state"] == ImageState.READY
    assert fake_engine.history.count("build") == 1


@pytest.mark.usefixtures("platform")
@pytest.mark.django_db
def test_a_look_at_the_source_outdates_a_changed_function(source_folder: Path) -> None:
    package(source_folder)
    function = rows.function(source_etag="old")
    tasks.check_source(function.pk)
    assert rows.snapshot(function)["version"] == ""
    package(source_folder, files={**PYTHON, "more.txt": ""})
    tasks.check_source(4711)
    assert Function.objects.count() == 1


@pytest.mark.usefixtures("settled", "platform")
@pytest.mark.parametrize("name", ["sweep", "evict", "fill_pool"])
def test_a_task_that_is_asked_for_once_can_be_asked_for_again_when_it_has_begun(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(dispatch, "enqueue", asked.append)
    path = f"functions.tasks.{name}"
    for _ in range(2):
        dispatch.enqueue_once(path)
        getattr(tasks, name)()
    assert asked == [path, path]


@pytest.mark.usefixtures("platform")
@pytest.mark.django_db
def test_a_sweep_ends_what_died() -> None:

    row = rows.execution(ExecutionState.RUNNING, lease_expires_at=timezone.now() - timedelta(seconds=1))
    tasks.sweep()
    tasks.sweep()
    assert rows.snapshot(row)["state"] == ExecutionState.ABANDONED
