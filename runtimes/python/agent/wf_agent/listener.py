"""The socket on which the agent waits for the worker."""

# Not `socket`: that module costs more than the supervisor's own code, and only wraps what is used here.
import _socket
import os
import sys

BACKLOG = 128
LINGER_S = 10
# When no descriptor is to be had for who has connected; a poll would tell of him again and again.
FULL_S = 0.1


def listen(channel: str):
    """A listening socket for `unix:<path>` or `tcp:<port>`, non-blocking."""
    kind, _, address = channel.partition(":")
    listener = _unix(address) if kind == "unix" else _tcp(int(address))
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def accept(listener):
    """The descriptor of somebody who has connected, or None. An OSError says that there is no descriptor to be had."""
    while True:
        try:
            return listener._accept()[0]
        except BlockingIOError:
            return None
        except ConnectionAbortedError:  # the peer has thought better of it
            continue


def _unix(path: str):
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    before = os.umask(0)  # everybody may connect: the worker's user is not ours
    try:
        listener.bind(path)
    finally:
        os.umask(before)
    return listener


def _tcp(port: int):
    """The options are inherited by every accepted connection."""
    listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
    listener.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
    # The container's network goes when process 1 ends, with all that is still on its way: closing waits for the peer.
    linger = (1).to_bytes(4, sys.byteorder) + LINGER_S.to_bytes(4, sys.byteorder)
    listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, linger)
    listener.bind(("0.0.0.0", port))
    return listener
