"""Frames on a connection, and what hostile peers put in their place."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from functions.engine.channel import MAX_FRAME, Channel, ChannelBroken, ChannelClosed, DeadlinePassed
from tests.functions.engine.peers import LENGTH, Behaviour, frame, is_silent, listening_on_tcp, sends

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def channel_to(behaviour: Behaviour) -> Iterator[Channel]:
    with listening_on_tcp(behaviour) as port:
        channel = Channel(socket.create_connection(("127.0.0.1", port)))
        try:
            yield channel
        finally:
            channel.close()


def soon(seconds: float = 20) -> float:
    return time.monotonic() + seconds


@pytest.mark.parametrize("value", [{}, {"type": "log", "data": "ä\u4e2d\U0001f600\u2028"}, {"n": [1, 2.5, None]}])
def test_a_frame_comes_back_as_it_was_sent(value: dict[str, object]) -> None:
    def echo(connection: socket.socket) -> None:
        (length,) = LENGTH.unpack(connection.recv(4, socket.MSG_WAITALL))
        connection.sendall(LENGTH.pack(length) + connection.recv(length, socket.MSG_WAITALL))

    with channel_to(echo) as channel:
        channel.send(value, soon())
        assert channel.receive(soon()) == value


def test_frames_are_told_apart_however_they_arrive() -> None:
    def in_pieces(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in frame({"a": 1}) + frame({"b": 2}):
            connection.sendall(bytes([byte]))

    with channel_to(in_pieces) as channel:
        assert [channel.receive(soon()), channel.receive(soon())] == [{"a": 1}, {"b": 2}]
        with pytest.raises(ChannelClosed):
            channel.receive(soon())


def test_a_large_frame_arrives_whole() -> None:
    with channel_to(sends(frame({"data": "x" * (MAX_FRAME - 100)}))) as channel:
        assert len(channel.receive(soon())["data"]) == MAX_FRAME - 100


def test_a_frame_that_claims_to_be_too_large_is_not_read() -> None:
    def announces(connection: socket.socket) -> None:
        connection.sendall(LENGTH.pack(MAX_FRAME + 1))
        is_silent(connection)  # a reader that believed it would wait until its deadline

    with channel_to(announces) as channel, pytest.raises(ChannelBroken, match=str(MAX_FRAME + 1)):
        channel.receive(soon())


@pytest.mark.parametrize("sent", [b"", frame({"a": 1})[:3], frame({"a": 1})[:4], frame({"a": 1})[:-1]])
def test_a_cut_frame_is_the_end_of_the_channel(sent: bytes) -> None:
    with channel_to(sends(sent)) as channel, pytest.raises(ChannelClosed):
        channel.receive(soon())


@pytest.mark.parametrize(
    "body",
    [b"", b"garbage", b"[]", b'"text"', b"1", b"null", b"\xff\xfe", b'{"a": ', b"[" * 100_000, b'{"a":' * 100_000],
)
def test_a_frame_that_is_no_json_object_is_broken(body: bytes) -> None:
    with channel_to(sends(frame(body))) as channel, pytest.raises(ChannelBroken):
        channel.receive(soon())


def test_a_silent_peer_ends_at_the_deadline() -> None:
    with channel_to(is_silent) as channel:
        began = time.monotonic()
        with pytest.raises(DeadlinePassed):
            channel.receive(soon(0.05))
        assert time.monotonic() - began < 5


def test_a_peer_that_drips_ends_at_the_deadline_as_well() -> None:
    def drips(connection: socket.socket) -> None:
        connection.sendall(LENGTH.pack(1_000_000))
        try:
            while True:
                connection.sendall(b"x")
                time.sleep(0.01)
        except OSError:
            return

    with channel_to(drips) as channel, pytest.raises(DeadlinePassed):
        channel.receive(soon(0.2))


def test_a_peer_that_does_not_read_ends_at_the_deadline() -> None:
    over = threading.Event()
    with channel_to(lambda _: over.wait() and None) as channel:
        with pytest.raises(DeadlinePassed):
            channel.send({"event": "x" * (64 << 20)}, soon(0.3))
        over.set()


def test_a_deadline_in_the_past_reads_nothing() -> None:
    with channel_to(sends(frame({"a": 1}))) as channel, pytest.raises(DeadlinePassed):
        channel.receive(time.monotonic() - 1)


def test_a_peer_that_has_gone_is_noticed_while_sending() -> None:
    with channel_to(lambda _: None) as channel, pytest.raises(ChannelClosed):
        channel.send({"event": "x" * (64 << 20)}, soon())
