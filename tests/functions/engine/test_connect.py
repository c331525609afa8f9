"""Reaching an agent: waiting until it listens, and giving up when it is dead or late."""

from __future__ import annotations

import os
import resource
import socket
import threading
import time
from pathlib import Path

import pytest

from functions.engine.channel import (
    SOCKET_NAME,
    ChannelBroken,
    ChannelClosed,
    TcpAddress,
    UnixAddress,
    connect,
)
from functions.errors import StartTimeout
from tests.functions.engine.peers import frame, listening_in, listening_on_tcp, sends
from tests.worker import free_port

READY = frame({"type": "ready"})


def soon(seconds: float = 20) -> float:
    return time.monotonic() + seconds


def alive() -> bool:
    return True


def test_an_agent_on_a_unix_socket(tmp_path: Path) -> None:
    with listening_in(tmp_path, sends(READY)):
        channel = connect(UnixAddress(tmp_path), soon(), alive)
        assert channel.receive(soon()) == {"type": "ready"}
        channel.close()


def test_an_agent_on_tcp() -> None:
    with listening_on_tcp(sends(READY)) as port:
        channel = connect(TcpAddress("127.0.0.1", port), soon(), alive)
        assert channel.receive(soon()) == {"type": "ready"}
        channel.close()


def test_an_agent_that_listens_later_is_waited_for(tmp_path: Path) -> None:
    asked = threading.Event()

    def still_alive() -> bool:
        asked.set()
        return True

    def late() -> None:
        asked.wait(20)  # it is not there when the worker looks first
        with listening_in(tmp_path, sends(READY)):
            done.wait()

    done = threading.Event()
    thread = threading.Thread(target=late)
    thread.start()
    try:
        connect(UnixAddress(tmp_path), soon(), still_alive).close()
    finally:
        done.set()
        thread.join()
    assert asked.is_set()


def test_the_container_may_no_longer_write_in_the_folder_when_we_connect(tmp_path: Path) -> None:
    seen = []
    with listening_in(tmp_path, lambda _: seen.append(tmp_path.stat().st_mode & 0o777)):
        tmp_path.chmod(0o777)
        connect(UnixAddress(tmp_path), soon(), alive).close()
    assert seen == [0o555]
    tmp_path.chmod(0o755)


def test_a_folder_is_sealed_once(tmp_path: Path) -> None:
    address = UnixAddress(tmp_path)
    for mode in (0o555, 0o711):
        with listening_in(tmp_path, sends(READY)):
            address.connect().close()
            assert tmp_path.stat().st_mode & 0o777 == mode
        tmp_path.chmod(0o711)
        (tmp_path / SOCKET_NAME).unlink()
    with pytest.raises(FileNotFoundError):
        address.connect()


def open_descriptors() -> list[int]:
    listed = list(Path("/proc/self/fd").iterdir())  # with the list's own, which is closed by now
    return sorted(int(path.name) for path in listed if path.is_symlink())


@pytest.mark.parametrize("free", [0, 1, 2])
def test_no_descriptor_is_lost_when_there_are_too_few(tmp_path: Path, free: int) -> None:
    address = UnixAddress(tmp_path, is_sealed=True)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    fillers = [os.open(os.devnull, os.O_RDONLY) for _ in range(max(open_descriptors()) + 1)]
    before = open_descriptors()
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before) + 1 + free, limits[1]))
    try:
        with pytest.raises(OSError, match="Too many open files" if free < 2 else "No such file"):
            address.connect()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert open_descriptors() == before
    for filler in fillers:
        os.close(filler)


def test_before_the_agent_listens_it_may_write_in_the_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(FileNotFoundError):
        UnixAddress(tmp_path).connect()
    assert tmp_path.stat().st_mode & 0o777 == 0o777


def test_a_path_longer_than_a_socket_address(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / ("longer" * 30)
    folder.mkdir(parents=True)
    assert len(str(folder)) > 108
    with listening_in(folder, sends(READY)):
        channel = connect(UnixAddress(folder), soon(), alive)
        assert channel.receive(soon()) == {"type": "ready"}
        channel.close()


def test_a_link_in_the_place_of_the_socket_is_not_followed(tmp_path: Path) -> None:
    """User code runs only after the connection, but a container must never lead us to a socket of the host."""
    host, folder = tmp_path / "host", tmp_path / "folder"
    host.mkdir()
    folder.mkdir()
    with listening_in(host, sends(READY)):
        (folder / SOCKET_NAME).symlink_to(host / SOCKET_NAME)
        with pytest.raises(ChannelBroken):
            connect(UnixAddress(folder), soon(), alive)


@pytest.mark.parametrize("kind", ["file", "pipe", "dangling"])
def test_something_else_in_the_place_of_the_socket_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / SOCKET_NAME
    if kind == "file":
        path.touch()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/nowhere")
    with pytest.raises(ChannelBroken):
        connect(UnixAddress(tmp_path), soon(), alive)


def test_a_boot_that_dies_is_noticed_long_before_the_deadline(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ChannelClosed):
        connect(UnixAddress(tmp_path), soon(60), lambda: False)
    assert time.monotonic() - began < 10


def test_a_boot_that_takes_too_long_ends_at_the_deadline(tmp_path: Path) -> None:
    with pytest.raises(StartTimeout):
        connect(UnixAddress(tmp_path), soon(0.05), alive)


def test_a_closed_port_ends_at_the_deadline() -> None:
    with pytest.raises(StartTimeout):
        connect(TcpAddress("127.0.0.1", free_port()), soon(0.05), alive)


def test_failed_tries_leave_no_descriptor_open(tmp_path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / SOCKET_NAME))  # bound, but nobody listens: every try is refused
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 -- counts the descriptors of this process
    with pytest.raises(StartTimeout):
        connect(UnixAddress(tmp_path), soon(0.1), alive)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    server.close()
