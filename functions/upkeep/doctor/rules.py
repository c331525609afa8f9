"""The rules that hold on a node at every quiet moment. Pure: a node as plain data in, what breaks the rule out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.upkeep.doctor.node import ENDED_WELL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions.upkeep.doctor.node import Node

NEEDED = ("READY", "EVICTING")  # states in which the engine may hold a row's image
PREWARMED = "prewarmed"  # how a call starts whose container is its own, and has a row that another could claim


@dataclass(frozen=True)
class Rule:
    """`find` gives a line for each thing that breaks it."""

    id: str
    title: str
    find: Callable[[Node], Iterable[str]]


def one_end(node: Node) -> Iterable[str]:
    for call in node.calls:
        if call.is_open == call.has_finished:
            yield f"call {call.id} is {call.state} {'with' if call.has_finished else 'without'} an end"
        if not call.has_begun and call.state in (ENDED_WELL, "RUNNING"):
            yield f"call {call.id} is {call.state} and has never begun"


def one_run(node: Node) -> Iterable[str]:
    """A second run of a call would need a second container."""
    made = Counter(container.call for container in node.containers if container.call)
    return (f"call {call} has {count} containers" for call, count in made.items() if count > 1)


def containers_have_rows(node: Node) -> Iterable[str]:
    open_calls = {call.id for call in node.calls if call.is_open}
    named = {name for kept in node.kept for name in (kept.name, kept.container_id) if name}
    for container in node.containers:
        if container.call not in open_calls and not named & {container.id, container.name}:
            yield f"container {container.name} has no row"
    there = {container.id for container in node.containers}
    running = {container.id for container in node.containers if container.is_running}
    for kept in node.kept:
        if kept.state == "IDLE" and kept.container_id not in running:
            yield f"kept container {kept.name} is IDLE and does not run"
        if kept.state == "SERVING" and kept.container_id not in there:  # it may have ended by itself
            yield f"kept container {kept.name} is SERVING and is not there"


def images_have_rows(node: Node) -> Iterable[str]:
    """While something is built its image and layers are on their way to a row."""
    named = {row.image_id for row in node.rows if row.state in NEEDED}
    if not node.is_building:
        yield from (f"image {image} has no row" for image in node.images if image not in named)
        yield from (f"layer {layer} is left of a build" for layer in node.layers)
    for row in node.rows:
        if row.state == "READY" and row.image_id not in node.images and not row.is_foreign:
            yield f"image {row.tag} is READY and the engine does not have {row.image_id or 'it'}"


def nothing_overdue(node: Node) -> Iterable[str]:
    yield from (f"call {call.id} is {call.state}" for call in node.calls if call.is_open and call.is_left)
    yield from (f"image {row.tag} is {row.state}" for row in node.rows if row.is_left)
    yield from (f"kept container {kept.name} is {kept.state}" for kept in node.kept if kept.is_left)


def nothing_too_much(node: Node) -> Iterable[str]:
    kept = {one.folder for one in node.kept}
    yield from (f"folder channels/{name} has no row" for name in node.channels if name not in kept)
    if not node.is_building:
        yield from (f"folder work/{name} is left of a build" for name in node.work)
    size = sum(row.code_size for row in node.rows if row.state == "READY")
    if 0 <= node.size_limit < size:
        yield f"{size} bytes of code are kept, and {node.size_limit} may be"


def one_call_each(node: Node) -> Iterable[str]:
    """Calls that never meet in a container cannot get each other's answers."""
    served = Counter(call.container for call in node.calls)
    claimed = {call.container for call in node.calls if call.start_type == PREWARMED}
    return (f"pre-warmed container {name} served {served[name]} calls" for name in claimed if served[name] > 1)


def answers_have_form(node: Node) -> Iterable[str]:
    for call in node.calls:
        if not call.is_open and (call.state == ENDED_WELL) != call.has_status:
            yield f"call {call.id} is {call.state} {'with' if call.has_status else 'without'} a status of the function"
        if not call.is_open and (call.state == ENDED_WELL) == bool(call.error_code):
            yield f"call {call.id} is {call.state} with the error {call.error_code or '(none)'}"


def only_own_folders(node: Node) -> Iterable[str]:
    inside = f"{node.channels_folder}/"
    for container in node.containers:
        for folder in container.folders:
            if not folder.startswith(inside):
                yield f"container {container.name} can write in {folder}"


def no_leaks(node: Node) -> Iterable[str]:
    for process in node.processes:
        for what in ("descriptors", "threads", "memory"):
            may = getattr(node.bounds, what)
            if getattr(process, what) > may:  # how much, differs from look to look
                yield f"process {process.pid} has more {what} than {may}"


def database_is_whole(node: Node) -> Iterable[str]:
    return node.database_faults


def nothing_foreign(node: Node) -> Iterable[str]:
    return (f"image {row.tag} names {row.image_id}, which is not ours" for row in node.rows if row.is_foreign)


RULES = (
    Rule("I1", "each call has one end, and only calls that have ended have one", one_end),
    Rule("I2", "no call has a second container (side effects are not visible from here)", one_run),
    Rule(
        "I3",
        "our containers are those of open calls and of kept rows; those that wait run",
        containers_have_rows,
    ),
    Rule("I4", "our images are those of READY rows, and no layer is left of a build", images_have_rows),
    Rule("I5", "nothing in progress is past its lease, or of a dead process", nothing_overdue),
    Rule("I6", "no folder is left, and the code that is kept is within its limit", nothing_too_much),
    Rule("I7", "no pre-warmed container served two calls (the answers are not visible from here)", one_call_each),
    Rule("I8", "each end has what its answer needs (the answers are not visible from here)", answers_have_form),
    Rule("I9", "no container can write on the host but in its own channel", only_own_folders),
    Rule("I10", "the worker's processes have few descriptors and threads, and little memory", no_leaks),
    Rule("I11", "the database is whole, and of this release", database_is_whole),
    Rule("I12", "no row names an image that is not ours, so none such is ever removed", nothing_foreign),
)
