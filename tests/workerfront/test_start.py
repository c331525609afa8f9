"""`manage.py start`: what it refuses."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.worker import free_port
from tests.workerfront.processes import ROOT, environment, run

if TYPE_CHECKING:
    from pathlib import Path

CLAIM = (
    "import django; django.setup(); from django.core.management import call_command; call_command('migrate'); "
    "from functions.models import Configuration; "
    "print(Configuration.objects.claim(settings.WF_NODE, settings.WF_INSTANCE))"
)


def refusal(home: Path, port: str = "", **variables: str) -> str:
    """What is said to a start that is refused."""
    command = [sys.executable, "-m", "workerfront", "start", "--", port or str(free_port())]
    given = environment(home, **variables)
    done = subprocess.run(command, env=given, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode != 0
    return done.stderr


def test_a_node_of_another_instance_in_the_same_database_is_refused(tmp_path: Path) -> None:
    shared = {"DATABASE_URL": f"sqlite:///{tmp_path}/shared.sqlite3", "WF_NODE": "twin"}
    owner = run(tmp_path / "one", CLAIM, **shared).stdout.split()[-1]
    assert owner == (tmp_path / "one/instance").read_text()
    said = refusal(tmp_path / "two", **shared)
    assert "the node 'twin' is another worker. Give this one a WF_NODE of its own" in said
    assert owner in said
    (tmp_path / "two/instance").write_text(owner)
    for home, node in (("one", "twin"), ("two", "twin"), ("three", "other")):
        claimed = run(tmp_path / home, CLAIM, **{**shared, "WF_NODE": node}).stdout.split()[-1]
        assert claimed == (tmp_path / home / "instance").read_text()


@pytest.mark.parametrize("port", ["0", "-1", "65536", "8_222", "+80", "web", "٨٠"])
def test_what_is_no_port_is_refused(tmp_path: Path, port: str) -> None:
    assert "must be a port from 1 to 65535" in refusal(tmp_path, port)
