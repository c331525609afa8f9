"""A node at one moment, as plain data for the rules to judge."""

from __future__ import annotations

from dataclasses import dataclass

ENDED_WELL = "SUCCEEDED"
OPEN_STATES = ("QUEUED", "RUNNING")


@dataclass(frozen=True)
class Call:
    """A row of a call. `is_left`: its process has died, or its lease is over."""

    id: str
    state: str
    start_type: str = ""
    container: str = ""
    has_begun: bool = False
    has_finished: bool = False
    has_status: bool = False
    error_code: str = ""
    is_left: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


@dataclass(frozen=True)
class Kept:
    """A row of a kept container. `is_left`: as with a call."""

    name: str
    state: str
    container_id: str = ""
    folder: str = ""
    is_left: bool = False


@dataclass(frozen=True)
class Row:
    """A row of an image. `is_foreign`: the engine has the image that it names, without our labels."""

    tag: str
    state: str
    image_id: str = ""
    code_size: int = 0
    is_left: bool = False
    is_foreign: bool = False


@dataclass(frozen=True)
class Container:
    """A container that we made. `call`: the execution of its label, empty for a kept one."""

    id: str
    name: str
    call: str = ""
    is_running: bool = True
    folders: tuple[str, ...] = ()  # of the host, mounted into it


@dataclass(frozen=True)
class Process:
    """A process of the worker. `memory`: resident bytes."""

    pid: int
    descriptors: int
    threads: int
    memory: int


@dataclass(frozen=True)
class Bounds:
    """What one process may have; generous: a leak passes any bound."""

    descriptors: int
    threads: int
    memory: int


@dataclass(frozen=True)
class Node:
    """Everything of a node that can be looked at from the node itself."""

    calls: tuple[Call, ...] = ()
    kept: tuple[Kept, ...] = ()
    rows: tuple[Row, ...] = ()
    containers: tuple[Container, ...] = ()
    images: tuple[str, ...] = ()  # finished ones, by id
    layers: tuple[str, ...] = ()  # of builds, on which nothing stands
    channels: tuple[str, ...] = ()  # names of folders that no call uses, by its row
    work: tuple[str, ...] = ()
    channels_folder: str = ""
    size_limit: int = -1  # bytes; negative: none
    processes: tuple[Process, ...] = ()
    bounds: Bounds = Bounds(0, 0, 0)
    database_faults: tuple[str, ...] = ()

    @property
    def is_building(self) -> bool:
        return any(row.state == "BUILDING" for row in self.rows)
