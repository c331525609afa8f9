"""System checks: what would break the worker's promises is refused before it starts."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from functions import checks
from tests.workerfront.processes import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import Settings


def ids(found: Any) -> list[str | None]:
    return [message.id for message in found]


def test_a_request_that_is_a_transaction_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("check")
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", True)
    assert ids(checks.requests_are_not_transactions()) == ["functions.E001"]
    with pytest.raises(SystemCheckError, match=r"functions\.E001"):
        call_command("check")


@pytest.mark.parametrize(
    ("build", "timeout", "retry", "is_refused"),
    [
        (300, 360, 420, False),
        (300, 300, 420, True),
        (300, 360, 360, True),
        (300, 420, 360, True),
        (500, 360, 420, True),
    ],
)
def test_a_task_queue_that_would_cut_a_build_off_or_deliver_it_twice_is_refused(
    settings: Settings, build: int, timeout: int, retry: int, is_refused: bool
) -> None:
    settings.WF_BUILD_TIMEOUT_SECONDS = build
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "timeout": timeout, "retry": retry}
    assert ids(checks.the_task_queue_outlasts_a_build()) == ["functions.E002"] * is_refused


def test_a_state_folder_that_others_may_look_into_is_named(settings: Settings, tmp_path: Path) -> None:
    settings.WF_HOME = tmp_path
    for mode, found in ((0o700, []), (0o750, ["functions.W002"]), (0o755, ["functions.W002"])):
        tmp_path.chmod(mode)
        assert ids(checks.the_state_folder_is_private()) == found


def test_a_broken_plugin_is_named_with_its_distribution_and_the_worker_starts(tmp_path: Path) -> None:
    info = tmp_path / "half_baked-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: half-baked\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[workerfront.runtimes]\nbroken1 = half_baked:version\n")
    checked = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={**environment(tmp_path / "home"), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert "functions.W001" in checked.stderr
    assert "'broken1' of half-baked (half_baked:version)" in checked.stderr
    assert "ModuleNotFoundError" in checked.stderr
