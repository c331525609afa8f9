"""The Node agent's mode `process`: user code that writes on the channel between its process and the supervisor."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.steps import begin_printing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runtimes.node_agent import StartMany

pytest_plugins = ("tests.runtimes.node_agent",)

FORGE = """
const fs = require('fs');
const forge = (text) => {
  const payload = Buffer.from(text);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(payload.length, 0);
  fs.writeSync(3, Buffer.concat([size, payload]));
};
"""

CALL = """
const forever = () => new Promise(() => setTimeout(() => {}, 6e5));
const appears = (file) => new Promise((done) => {
  const look = () => (fs.existsSync(file) ? done('fine') : setTimeout(look, 5));
  look();
});
exports.handle = ({ frame, file }) => {
  console.log('begun');
  if (file) return appears(file);
  forge(frame);
  return forever();
};
"""

NOT_DUE = [
    '{"type":"loaded"}',
    '{"type":"failed"}',
    '{"type":"ready"}',
    '{"type":"log"',
    '{"type":"log","stream":"x","data":"y"}',
    '{"type":"log","stream":"toString","data":"y"}',
    '{"type":"log","stream":"stdout","data":5}',
    "null",
    "",
]


@pytest.mark.parametrize("frame", NOT_DUE)
def test_a_frame_that_is_not_due_ends_its_process_and_no_other(
    start_many: StartMany, tmp_path: Path, frame: str
) -> None:
    agent = start_many(FORGE + CALL)
    file = tmp_path / "flag"
    neighbour, _ = begin_printing(agent, {"file": str(file)})
    hostile, _ = begin_printing(agent, {"frame": frame})
    error = hostile.answer().error
    assert (error["kind"], error["signal"]) == ("exit", signal.SIGKILL)
    file.touch()
    assert neighbour.answer().value == "fine"
    assert agent.call({"file": str(file)}).value == "fine"


@pytest.mark.parametrize("frame", ['{"type":"log"', "null", '{"type":"result","value":1}'])
def test_the_same_while_it_is_loaded_is_told_and_ends_the_agent(start_many: StartMany, frame: str) -> None:
    agent = start_many(f"{FORGE} console.log('last words'); forge('{frame}'); for (;;);")
    answer = agent.call()
    assert (answer.error["signal"], answer.stdout) == (signal.SIGKILL, "last words\n")
    assert agent.wait() == 0
