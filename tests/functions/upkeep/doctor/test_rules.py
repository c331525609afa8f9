"""Each rule of a quiet node: a sound node breaks none, and a node that breaks one breaks that one alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.models.execution import OPEN, ExecutionState, StartType
from functions.models.image import ImageState
from functions.upkeep.doctor import node as node_module
from functions.upkeep.doctor.examination import judge
from functions.upkeep.doctor.node import Bounds, Call, Container, Kept, Node, Process, Row
from functions.upkeep.doctor.rules import PREWARMED, RULES

ENDED = Call("ended", "SUCCEEDED", "prewarmed", "used up", has_begun=True, has_finished=True, has_status=True)
FAILED = Call("failed", "FAILED", "cold", "c", has_begun=True, has_finished=True, error_code="function_raised")
ABANDONED = Call("abandoned", "ABANDONED", has_finished=True, error_code="outcome_unknown")
RUNS = Call("runs", "RUNNING", "cold", "fresh", has_begun=True)
WAITS = Call("waits", "QUEUED")
FRESH = Container("id1", "fresh", "runs", folders=("/home/channels/a",))
HOLDER, LONG_LIVED = Container("id2", "holder"), Container("id3", "served")
STARTING = Kept("starting", "STARTING", folder="kept-1")
IDLE = Kept("holder", "IDLE", "id2")
SERVING = Kept("served", "SERVING", "id3", folder="kept-2")
READY = Row("hf_a", "READY", "sha256:a", 40)
GONE = Row("hf_b", "ABSENT", code_size=70)
BUILDING = Row("hf_c", "BUILDING")
PROCESS = Process(7, 10, 10, 10)
SOUND = Node(
    calls=(ENDED, FAILED, ABANDONED, RUNS, WAITS),
    kept=(STARTING, IDLE, SERVING),
    rows=(READY, GONE),
    containers=(FRESH, HOLDER, LONG_LIVED),
    images=("sha256:a",),
    channels=("kept-1", "kept-2"),
    channels_folder="/home/channels",
    size_limit=40,
    processes=(PROCESS,),
    bounds=Bounds(10, 10, 10),
)


def with_call(call: Call) -> Node:
    return replace(SOUND, calls=(*SOUND.calls, call))


def with_kept(kept: Kept) -> Node:
    return replace(SOUND, kept=(*SOUND.kept, kept))


def with_row(row: Row) -> Node:
    return replace(SOUND, rows=(*SOUND.rows, row))


def with_container(container: Container) -> Node:
    return replace(SOUND, containers=(*SOUND.containers, container))


def with_process(process: Process) -> Node:
    return replace(SOUND, processes=(process,))


BROKEN = {
    "I1": {
        "call endless is FAILED without an end": with_call(replace(FAILED, id="endless", has_finished=False)),
        "call open is RUNNING with an end": with_call(replace(RUNS, id="open", has_finished=True)),
        "call b is SUCCEEDED and has never begun": with_call(replace(ENDED, id="b", container="d", has_begun=False)),
        "call c is RUNNING and has never begun": with_call(replace(RUNS, id="c", has_begun=False)),
    },
    "I2": {"call runs has 2 containers": with_container(replace(FRESH, id="id9", name="second"))},
    "I3": {
        "container lost has no row": with_container(Container("id9", "lost", "ended")),
        "container alone has no row": with_container(Container("id9", "alone")),
        "kept container away is IDLE and does not run": with_kept(Kept("away", "IDLE", "id9")),
        "kept container holder is IDLE and does not run": replace(
            SOUND, containers=(FRESH, replace(HOLDER, is_running=False), LONG_LIVED)
        ),
        "kept container served is SERVING and is not there": replace(SOUND, containers=(FRESH, HOLDER)),
    },
    "I4": {
        "image sha256:z has no row": replace(SOUND, images=("sha256:a", "sha256:z")),
        "layer sha256:y is left of a build": replace(SOUND, layers=("sha256:y",)),
        "image hf_z is READY and the engine does not have sha256:x": with_row(Row("hf_z", "READY", "sha256:x")),
    },
    "I5": {
        "call waits is QUEUED": replace(SOUND, calls=(replace(WAITS, is_left=True),), containers=(HOLDER, LONG_LIVED)),
        "image hf_c is BUILDING": with_row(replace(BUILDING, is_left=True)),
        "kept container claimed is CLAIMED": with_kept(Kept("claimed", "CLAIMED", is_left=True)),
    },
    "I6": {
        "folder channels/kept-9 has no row": replace(SOUND, channels=("kept-9",)),
        "folder work/tmp1 is left of a build": replace(SOUND, work=("tmp1",)),
        "40 bytes of code are kept, and 39 may be": replace(SOUND, size_limit=39),
    },
    "I7": {"pre-warmed container used up served 2 calls": with_call(replace(FAILED, id="x", container="used up"))},
    "I8": {
        "call x is SUCCEEDED without a status of the function": with_call(
            replace(ENDED, id="x", container="d", has_status=False)
        ),
        "call y is FAILED with the error (none)": with_call(replace(FAILED, id="y", error_code="")),
        "call z is SUCCEEDED with the error internal": with_call(
            replace(ENDED, id="z", container="d", error_code="internal")
        ),
    },
    "I9": {
        "container holder can write in /etc": replace(
            SOUND, containers=(FRESH, replace(HOLDER, folders=("/etc",)), LONG_LIVED)
        ),
        "container holder can write in /home/channelsx": replace(
            SOUND, containers=(FRESH, replace(HOLDER, folders=("/home/channelsx",)), LONG_LIVED)
        ),
    },
    "I10": {
        "process 7 has more descriptors than 10": with_process(replace(PROCESS, descriptors=11)),
        "process 7 has more threads than 10": with_process(replace(PROCESS, threads=11)),
        "process 7 has more memory than 10": with_process(replace(PROCESS, memory=11)),
    },
    "I11": {"migration x has not been run": replace(SOUND, database_faults=("migration x has not been run",))},
    "I12": {
        "image hf_f names sha256:f, which is not ours": with_row(Row("hf_f", "READY", "sha256:f", is_foreign=True)),
    },
}
CASES = [(rule, line, node) for rule, broken in BROKEN.items() for line, node in broken.items()]


def broken(node: Node) -> dict[str, list[str]]:
    return {rule: lines for rule, lines in judge(node).items() if lines}


def test_a_sound_node_breaks_no_rule() -> None:
    assert broken(SOUND) == {}
    assert broken(Node()) == {}


@pytest.mark.parametrize(("rule", "line", "node"), CASES, ids=[line for _, line, _ in CASES])
def test_what_breaks_one_rule_is_named_and_breaks_no_other(rule: str, line: str, node: Node) -> None:
    assert broken(node) == {rule: [line]}


def test_every_rule_is_broken_by_some_node() -> None:
    assert [rule.id for rule in RULES] == list(BROKEN) == [f"I{number}" for number in range(1, 13)]


def test_while_something_is_built_its_image_layers_and_folder_are_no_leftovers() -> None:
    node = replace(with_row(BUILDING), images=("sha256:a", "sha256:new"), layers=("sha256:y",), work=("tmp1",))
    assert broken(node) == {}


def test_without_a_limit_any_amount_of_code_is_kept() -> None:
    assert broken(replace(SOUND, size_limit=-1)) == {}


def test_the_rules_know_the_states_of_the_rows() -> None:
    assert set(node_module.OPEN_STATES) == set(OPEN)
    assert node_module.ENDED_WELL == ExecutionState.SUCCEEDED
    assert PREWARMED == StartType.PREWARMED
    assert BUILDING.state == ImageState.BUILDING
