"""The Node agent's folder of temporary files: what a call has of its own, and that nothing is left of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.steps import becomes

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

# Runs what it is told to in the folder that it is told to.
DO = """
const fs = require('fs');
const deep = (name, depth) => {
  for (let i = 0; i < depth; i += 1) {
    fs.mkdirSync(name);
    process.chdir(name);
  }
  fs.writeFileSync('file', 'x');
};
exports.handle = ({ where, what }) => {
  process.chdir(where || process.env.TMPDIR);
  eval(what);
};
"""

# What is hard to move or to remove.
LEFT_BEHIND = [
    "fs.mkdirSync('closed/below', { recursive: true }); fs.chmodSync('closed', 0o500);",
    "fs.mkdirSync('sealed'); fs.writeFileSync('sealed/file', 'x'); fs.chmodSync('sealed', 0);",
    "deep('x'.repeat(250), 40);",  # a path of 10 000 bytes
    "deep('x', 2100);",
    "fs.mkdirSync('a/b', { recursive: true }); fs.symlinkSync('/', 'a/link'); fs.symlinkSync('nowhere', 'dangling');",
    r"fs.writeFileSync(Buffer.from('\xff', 'latin1'), 'x'); fs.mkdirSync(Buffer.from('\xfe', 'latin1'));",
]


def names(folder: Path) -> set[str]:
    """Without the folders of calls that are to come."""
    return {path.name for path in folder.iterdir() if not path.name.startswith("call-")}


def test_a_call_has_a_folder_of_its_own_and_nothing_is_left_of_it(start_many: StartMany, tmp: Path) -> None:
    agent = start_many(FOLDER)
    first, second = (agent.call({"stray": str(tmp / "stray")}).value for _ in range(2))
    assert first != second
    assert Path(first).parent == tmp
    gone = [first, second, str(tmp / "stray")]
    assert becomes(lambda: not any(os.path.lexists(path) for path in gone))
    assert (tmp / "theirs").exists()


@pytest.mark.parametrize("what", LEFT_BEHIND)
def test_nothing_of_a_call_is_too_deep_or_too_closed_to_be_wiped(start_many: StartMany, tmp: Path, what: str) -> None:
    agent = start_many(DO)
    agent.ready()[0].close()
    assert agent.call({"what": what}).value is None
    assert agent.call({"what": what, "where": str(tmp)}).value is None
    assert becomes(lambda: names(tmp) == {"theirs"}, within_s=60)


def test_what_a_call_leaves_among_the_files_of_loading_is_wiped_alone(start_many: StartMany, tmp: Path) -> None:
    agent = start_many(f"{DO} fs.mkdirSync('{tmp}/a/b', {{ recursive: true }});")
    assert agent.call({"what": "fs.mkdirSync('a/b/stray'); fs.mkdirSync('a/stray')", "where": str(tmp)}).value is None
    assert becomes(lambda: not (tmp / "a/b/stray").exists() and not (tmp / "a/stray").exists())
    assert (tmp / "a/b").exists()
