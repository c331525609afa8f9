"""Serves one call with a shell script, in the frames of docs/agents.md. Standard library only."""

import json
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

LENGTH = struct.Struct(">I")
MAX_FRAME = 16 << 20
LOG_PIECE = 16 << 10  # bytes; a byte that is not UTF-8 becomes three
SETTINGS = ("WF_CHANNEL", "WF_HANDLER", "WF_MODE", "WF_RUNTIME", "WF_LOG_LIMIT", "WF_RESULT_LIMIT")


def main() -> None:
    settings = {name: os.environ.pop(name) for name in SETTINGS}  # not for the script's eyes
    listener = listen(settings["WF_CHANNEL"])
    while not served(listener.accept()[0], settings):
        pass


def listen(channel: str) -> socket.socket:
    if not channel.startswith("unix:"):
        sys.exit(f"this agent serves unix sockets, not {channel}")
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0)  # everybody may connect
    listener.bind(channel.removeprefix("unix:"))
    os.umask(before)
    listener.listen()
    return listener


def served(connection: socket.socket, settings: dict[str, str]) -> bool:
    """False when the peer only asked whether somebody is there."""
    with connection, connection.makefile("rb") as incoming:
        send(connection, {"type": "ready", "runtime": settings["WF_RUNTIME"], "agent_version": 1})
        call = receive(incoming)
        if call is None:
            return False
        for frame in answer(call, settings):
            send(connection, frame)
    return True


def send(connection: socket.socket, frame: dict) -> None:
    body = json.dumps(frame, ensure_ascii=False).encode()
    connection.sendall(LENGTH.pack(len(body)) + body)


def receive(incoming) -> dict | None:
    head = incoming.read(LENGTH.size)
    if not head:
        return None
    size = LENGTH.unpack(head)[0]
    if size > MAX_FRAME:
        sys.exit("the worker sent a frame that is too long")
    return json.loads(incoming.read(size))


def answer(call: dict, settings: dict[str, str]):
    """The log, then the frame that ends the call."""
    script = settings["WF_HANDLER"]
    if not Path(script).is_file():
        yield error("init", "FileNotFoundError", f"the package has no {script}")
        return
    times = {"started_ms": time.time() * 1000}
    done = subprocess.run(
        ["/bin/sh", script], input=json.dumps(call["event"]).encode(), capture_output=True, check=False
    )
    times["ended_ms"] = time.time() * 1000
    yield from log(done.stderr, int(settings["WF_LOG_LIMIT"]))
    yield outcome(script, done, int(settings["WF_RESULT_LIMIT"])) | times


def log(text: bytes, limit: int):
    for at in range(0, min(len(text), limit), LOG_PIECE):
        piece = text[at : min(at + LOG_PIECE, limit)].decode(errors="replace")
        yield {"type": "log", "stream": "stderr", "data": piece}
    if len(text) > limit:
        yield {"type": "log", "stream": "stderr", "data": f"[log cut at {limit} bytes]\n"}


def outcome(script: str, done: subprocess.CompletedProcess, limit: int) -> dict:
    if done.returncode:
        return error("handler", "ExitStatus", f"{script} ended with status {done.returncode}")
    try:
        body = done.stdout.decode()
    except UnicodeDecodeError as problem:
        return error("result", "UnicodeDecodeError", str(problem))
    if len(json.dumps(body, ensure_ascii=False).encode()) > limit:
        return error("result", "ResultTooLarge", f"the result is over {limit} bytes")
    return {"type": "result", "value": body}


def error(kind: str, name: str, message: str) -> dict:
    return {"type": "error", "kind": kind, "errorType": name, "errorMessage": message, "stackTrace": []}


if __name__ == "__main__":
    main()
