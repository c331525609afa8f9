"""A real HTTP server on loopback that behaves as a test tells it, well or badly."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Behaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """Its address, what it was asked, and what it does when it is asked for a path."""

    url: str = ""
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def methods(self) -> list[str]:
        return [method for method, _, _ in self.requests]


@contextmanager
def serving() -> Iterator[Server]:
    """A server for the time of the block; its slow behaviours end with it."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def answer(self) -> None:
            server.requests.append((self.command, self.path, dict(self.headers.items())))
            behaviour = server.behaviours.get(self.path.partition("?")[0], status(404))
            with suppress(OSError):  # the client has given up
                behaviour(self)

        do_GET = do_HEAD = do_PUT = answer  # noqa: N815 -- the names that http.server calls

        def log_message(self, *_arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        listener.daemon_threads = True
        server.url = f"http://127.0.0.1:{listener.server_address[1]}"
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.stopping.set()
            listener.shutdown()
            thread.join()


def status(code: int, body: bytes = b"", **headers: str) -> Behaviour:
    """An answer of this status; `Content_Type` stands for Content-Type."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return behave


def package(body: bytes, **headers: str) -> Behaviour:
    """The package, as a file server would send it."""
    return status(200, body, **headers)


def without_head(behaviour: Behaviour, code: int = 405) -> Behaviour:
    """HEAD is refused, anything else behaves."""
    return lambda handler: (status(code) if handler.command == "HEAD" else behaviour)(handler)


def redirect(to: str, code: int = 302) -> Behaviour:
    """A redirect."""
    return status(code, Location=to)


def raw(data: bytes) -> Behaviour:
    """These bytes and the end of the connection."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(data)
        handler.close_connection = True

    return behave


def dripping(server: Server, head: bytes, pause_s: float = 0.05) -> Behaviour:
    """The head at once, then one byte at a time for as long as the server lives."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)
        while not server.stopping.wait(pause_s):
            handler.wfile.write(b"a")

    return behave
