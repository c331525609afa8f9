"""What the doctor sees of a node: rows, engine, folders, processes, database."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from functions.engine import labels
from functions.errors import EngineUnavailable
from functions.models import PoolEntry
from functions.models.execution import ExecutionState
from functions.models.image import ImageState
from functions.upkeep.doctor import database, examination, processes
from tests.functions.models import rows
from tests.worker import eventually

if TYPE_CHECKING:
    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

LOCK = """
import fcntl, subprocess, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
child = subprocess.Popen(["sleep", "60"])
print(child.pid, flush=True)
sys.stdin.read()
child.kill()
child.wait()
"""


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "PASSING_S", 0)


def broken(platform: Platform) -> dict[str, list[str]]:
    return {rule: lines for rule, lines in examination.examine(platform).items() if lines}


@pytest.mark.django_db
def test_an_empty_node_is_sound_and_stays_as_it_was(platform: Platform) -> None:
    assert broken(platform) == {}
    call_command("doctor")


@pytest.mark.django_db
def test_what_is_wrong_in_rows_engine_and_folders_is_seen(platform: Platform, fake_engine: FakeEngine) -> None:
    ours = (platform.instance, platform.node, "W1", "v")
    call = rows.execution(ExecutionState.RUNNING, owner="killed", started_at=timezone.now())
    fake_engine.built["sha256:foreign"] = {"Id": "sha256:foreign", "Labels": {}}
    fake_engine.built["sha256:orphan"] = {"Id": "sha256:orphan", "Labels": labels.image(*ours)}
    rows.image(ImageState.READY, image_id="sha256:foreign", code_size=1)
    rows.image(ImageState.READY, rows.function("W2"), image_id="sha256:lost")
    PoolEntry.objects.create(node=platform.node, kind="network", state="CLAIMED", owner="killed", container_name="h")
    container = {"Image": "i", "Labels": labels.kept(*ours, "prewarmed"), "HostConfig": {"Binds": ["/etc:/x"]}}
    fake_engine.made["c"] = {"Name": "orphan", **container}
    folder = settings.WF_HOME / "work" / "left"
    folder.mkdir()
    try:
        found = broken(platform)
    finally:
        folder.rmdir()
        fake_engine.made.clear()
    assert found == {
        "I3": ["container orphan has no row"],
        "I4": ["image sha256:orphan has no row", "image hf_w2 is READY and the engine does not have sha256:lost"],
        "I5": [f"call {call.pk} is RUNNING", "kept container h is CLAIMED"],
        "I6": ["folder work/left is left of a build"],
        "I9": ["container orphan can write in /etc"],
        "I12": ["image hf_w1 names sha256:foreign, which is not ours"],
    }


@pytest.mark.django_db
def test_what_has_gone_at_a_later_look_was_only_passing(
    platform: Platform, fake_engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "PASSING_S", 60)
    monkeypatch.setattr(examination, "PAUSE_S", 0.05)
    label = labels.kept(platform.instance, platform.node, "W1", "v", "prewarmed")
    fake_engine.made["c"] = {"Name": "passing", "Image": "i", "Labels": label, "HostConfig": {"Binds": []}}

    def remove() -> None:
        eventually(lambda: "images" in fake_engine.history)
        fake_engine.made.clear()

    thread = threading.Thread(target=remove)
    thread.start()
    found = broken(platform)
    thread.join()
    assert found == {}
    assert fake_engine.history.count("containers") >= 2


@pytest.mark.django_db
def test_the_command_fails_and_names_the_broken_rules(platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    rows.execution(ExecutionState.RUNNING, owner="killed")
    with pytest.raises(CommandError, match="broken: I1, I5"):
        call_command("doctor")
    assert "I5  BROKEN" in capsys.readouterr().out
    assert platform


@pytest.mark.django_db
def test_an_engine_that_does_not_answer_is_no_clean_bill(platform: Platform, fake_engine: FakeEngine) -> None:
    fake_engine.failing["containers"] = [EngineUnavailable()]
    with pytest.raises(CommandError, match="engine"):
        call_command("doctor")
    assert platform


def test_processes_are_those_that_hold_a_lock_in_the_state_folder_and_their_children() -> None:
    path = settings.WF_HOME / "processes" / "somebody"
    command = [sys.executable, "-c", LOCK, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as holder:
        assert holder.stdout
        assert holder.stdin
        child = int(holder.stdout.readline())
        found = {process.pid: process for process in processes.look()}
        holder.stdin.close()
    path.unlink()
    assert {holder.pid, child} <= set(found)
    assert os.getpid() not in found
    process = found[holder.pid]
    assert process.threads == 1
    assert 3 <= process.descriptors < 20
    assert 1 << 20 < process.memory < processes.bounds().memory


@pytest.mark.django_db
def test_a_migration_that_has_not_been_run_is_named() -> None:
    assert list(database.faults()) == []
    MigrationRecorder(connection).migration_qs.filter(app="functions").order_by("name").last().delete()
    (fault,) = database.faults()
    assert fault.startswith("migration functions.")
    assert fault.endswith(" has not been run")


@pytest.mark.django_db
def test_a_row_that_names_one_that_there_is_not_is_a_fault() -> None:
    if connection.vendor != "sqlite":
        return  # others do not take such a row at all
    row = rows.execution(function_id=4711)
    assert "functions_execution" in " ".join(database.faults())
    row.delete()
