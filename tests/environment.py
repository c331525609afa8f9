"""A pytest plugin, loaded before Django's settings: the tests have a state folder of their own, gone with the run."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="worker-front-tests-"))
for name in [name for name in os.environ if name.startswith("WF_") and name != "WF_TEST_DATABASE_URL"]:
    del os.environ[name]
os.environ["WF_HOME"] = str(HOME)
os.environ["WF_NODE"] = "test-node"


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)
