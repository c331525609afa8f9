"""The Node agent's folder of temporary files: what a call has of its own, and that nothing is left of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tests.runtimes.node_process import becomes

if TYPE_CHECKING:
    from tests.runtimes.node_agent import StartMany

pytest_plugins = ("tests.runtimes.node_agent",)

FOLDER = """
const fs = require('fs');
const os = require('os');
const folder = os.tmpdir();
exports.handle = (event) => {
  fs.mkdirSync(`${folder}/closed/deep`, { recursive: true });
  fs.writeFileSync(`${folder}/closed/deep/file`, 'x');
  fs.chmodSync(`${folder}/closed`, 0);
  fs.writeFileSync(event.stray, 'x');
  return folder;
};
"""


def test_a_call_has_a_folder_of_its_own_and_nothing_is_left_of_it(start_many: StartMany, tmp: Path) -> None:
    agent = start_many(FOLDER)
    first, second = (agent.call({"stray": str(tmp / "stray")}).value for _ in range(2))
    assert first != second
    assert Path(first).parent == tmp
    gone = [first, second, str(tmp / "stray")]
    assert becomes(lambda: not any(os.path.lexists(path) for path in gone))
    assert (tmp / "theirs").exists()
