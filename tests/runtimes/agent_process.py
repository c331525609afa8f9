"""An agent as a plain process, without Docker: the harness that the tests of every agent share.

It plays the worker's side of docs/agents.md and knows nothing about any language:

    with AgentProcess(["python3", "/path/to/agent"], folder, "main.lambda_handler") as agent:
        answer = agent.call({"name": "Ada"})
        assert answer.value == "hello Ada"
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

LENGTH = struct.Struct(">I")
CONTEXT = {"call_id": "call-1", "function_name": "w1", "function_version": "v1", "memory_limit_in_mb": 128}


@dataclass(frozen=True)
class Answer:
    """What came back for one call: (stream, data) of every log frame, and the last frame; None when the agent died."""

    logs: list[tuple[str, str]]
    frame: dict[str, Any] | None

    @property
    def value(self) -> Any:
        """The result's value; fails when the call did not end in a result."""
        assert self.frame is not None, f"the agent closed the connection; logs: {self.logs}"
        assert self.frame["type"] == "result", self.frame
        return self.frame["value"]

    @property
    def error(self) -> dict[str, Any]:
        """The error frame; fails when the call did not end in an error."""
        assert self.frame is not None, f"the agent closed the connection; logs: {self.logs}"
        assert self.frame["type"] == "error", self.frame
        return self.frame

    @property
    def stdout(self) -> str:
        return self._text("stdout")

    @property
    def stderr(self) -> str:
        return self._text("stderr")

    def _text(self, stream: str) -> str:
        return "".join(data for name, data in self.logs if name == stream)


class Connection:
    """The worker's end of one connection. Every read fails after the deadline instead of hanging the tests."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def send(self, frame: object) -> None:
        # Escaped as ASCII, so that a test can send a lone surrogate as well.
        self.send_payload(json.dumps(frame).encode())

    def send_payload(self, payload: bytes) -> None:
        self.sock.sendall(LENGTH.pack(len(payload)) + payload)

    def receive(self) -> dict[str, Any] | None:
        """The next frame, or None at the end of the stream. A frame that is cut short is an EOFError."""
        header = self._read(LENGTH.size)
        if not header:
            return None
        frame: dict[str, Any] = json.loads(self._read(LENGTH.unpack(header)[0]).decode("utf-8"))
        return frame

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            chunk = self.sock.recv(size - len(data))
            if not chunk and not data:
                return b""
            if not chunk:
                raise EOFError(f"the stream ended {size - len(data)} bytes before the end of a frame")
            data += chunk
        return bytes(data)

    def answer(self) -> Answer:
        """Read log frames up to the one that ends the call."""
        logs = []
        frame = self.receive()
        while frame is not None and frame["type"] == "log":
            logs.append((frame["stream"], frame["data"]))
            frame = self.receive()
        return Answer(logs, frame)

    def close(self) -> None:
        self.sock.close()


class AgentProcess:
    """A running agent. `folder` holds the function's files and is the working directory, as /function is."""

    def __init__(  # noqa: PLR0913 -- one argument for each line of the agent's environment
        self,
        command: list[str],
        folder: Path,
        handler: str,
        *,
        channel: Literal["unix", "tcp"] = "unix",
        mode: str = "container",
        runtime: str = "test1",
        log_limit: int = 262144,
        result_limit: int = 6291456,
        env: dict[str, str] | None = None,
        deadline_s: float = 20,
    ) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="wf-agent-"))  # short: a socket's path has at most 107 bytes
        self.deadline_s = deadline_s
        self._connections: list[Connection] = []
        self.address: str | tuple[str, int] = self._free_address(channel)
        settings = {
            "WF_CHANNEL": f"tcp:{self.address[1]}" if channel == "tcp" else f"unix:{self.address}",
            "WF_HANDLER": handler,
            "WF_MODE": mode,
            "WF_RUNTIME": runtime,
            "WF_LOG_LIMIT": str(log_limit),
            "WF_RESULT_LIMIT": str(result_limit),
        }
        own = {name: value for name, value in os.environ.items() if not name.startswith("WF_")}
        self.process = self._start(command, folder, {**own, **(env or {}), **settings})

    def _free_address(self, channel: str) -> str | tuple[str, int]:
        if channel == "unix":
            return str(self._scratch / "agent.sock")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            return ("127.0.0.1", int(probe.getsockname()[1]))

    def _start(self, command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self._scratch / "output").open("wb") as output:
            return subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # one group, so that close() finds what the function left behind
            )

    def output(self) -> str:
        """What the agent itself wrote on its stdout and stderr: in a container, what `docker logs` would show."""
        return (self._scratch / "output").read_text(errors="replace")

    def connect(self) -> Connection:
        """A connection to the agent, as soon as it listens."""
        give_up = time.monotonic() + self.deadline_s
        while True:
            try:
                self._connections.append(Connection(self._connected_socket()))
                return self._connections[-1]
            except (FileNotFoundError, ConnectionRefusedError):
                self._check_still_coming(give_up)
                time.sleep(0.002)  # nothing tells a peer that a socket begins to listen

    def _connected_socket(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET)
        sock.settimeout(self.deadline_s)
        try:
            sock.connect(self.address)
        except BaseException:
            sock.close()
            raise
        return sock

    def _check_still_coming(self, give_up: float) -> None:
        status = self.process.poll()
        assert status is None, f"the agent ended with {status} before it listened: {self.output()}"
        assert time.monotonic() < give_up, f"the agent does not listen: {self.output()}"

    def ready(self) -> tuple[Connection, dict[str, Any]]:
        """A new connection and the `ready` frame that must be the first on it."""
        connection = self.connect()
        frame = connection.receive()
        assert frame is not None, f"the agent closed the connection without a ready frame: {self.output()}"
        assert frame["type"] == "ready", frame
        return connection, frame

    def call(self, event: object = None, **context: object) -> Answer:
        """One whole call on a new connection. `context` replaces or adds entries of the call's context."""
        connection, _ = self.ready()
        try:
            connection.send(call_frame(event, **context))
            return connection.answer()
        finally:
            connection.close()

    def wait(self) -> int:
        """The agent's exit status, once it has ended."""
        return self.process.wait(self.deadline_s)

    def close(self) -> None:
        """Close every connection, kill the agent with everything in its process group, and remove its files."""
        for connection in self._connections:
            connection.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self._scratch)

    def __enter__(self) -> AgentProcess:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def call_frame(event: object = None, **context: object) -> dict[str, Any]:
    """The worker's `call` frame, with a deadline one minute away unless the context names one."""
    deadline_ms = int(time.time() * 1000) + 60_000
    whole_context = {**CONTEXT, "deadline_ms": deadline_ms, **context}
    return {"type": "call", "id": "call-1", "event": event, "context": whole_context, "lifetime_s": None}
