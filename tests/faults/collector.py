"""Counts the side effects of calls: a server outside of everything that is killed, to which functions report."""

from __future__ import annotations

import json
import socketserver
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.contract import engine_view

if TYPE_CHECKING:
    from collections.abc import Iterator

# Handlers that report their nonce, then take `seconds`.
PYTHON = """
import socket, time

def lambda_handler(event, context):
    host, port = event["collector"]
    with socket.create_connection((host, port), timeout=10) as link:
        link.sendall(event["nonce"].encode() + b"\\n")
        link.recv(1)
    print("reported " + event["nonce"], flush=True)
    time.sleep(event.get("seconds", 0))
    return event["nonce"]
"""
NODE = """
const net = require('net');

function report([host, port], nonce) {
  return new Promise((resolve, reject) => {
    const link = net.connect(port, host, () => link.write(`${nonce}\\n`));
    link.on('data', () => link.end()).on('close', resolve).on('error', reject);
  });
}

exports.handle = async (event) => {
  await report(event.collector, event.nonce);
  await new Promise((resolve) => setTimeout(resolve, 1000 * (event.seconds || 0)));
  return event.nonce;
};
"""
JAVA = """package main;

import java.net.Socket;
import java.util.List;
import java.util.Map;

public class Main {
    public static Object lambda_handler(Map<String, Object> event) throws Exception {
        List<?> place = (List<?>) event.get("collector");
        try (Socket link = new Socket((String) place.get(0), ((Number) place.get(1)).intValue())) {
            link.getOutputStream().write((event.get("nonce") + "\\n").getBytes("UTF-8"));
            link.getInputStream().read();
        }
        return event.get("nonce");
    }
}
"""
FILES = {"python": ("main.py", PYTHON), "node": ("index.js", NODE), "java": ("main/Main.java", JAVA)}


def reporting(runtime: str, **config: Any) -> dict[str, str | bytes]:
    """A package whose handler reports to the collector."""
    name, source = FILES[runtime.rstrip("0123456789.")]
    return {"config.json": json.dumps({"environment": runtime, **config}), name: source}


class Collector:
    """Knows how often each nonce was reported."""

    def __init__(self, port: int) -> None:
        self._reported: list[str] = []
        self._port = port

    @property
    def hits(self) -> Counter[str]:
        return Counter(self._reported)

    def take(self, line: bytes) -> None:
        """A report that was cut off, by the death of whoever made it, is none."""
        if line.endswith(b"\n"):
            self._reported.append(line.decode().strip())

    def event(self, nonce: str, **more: Any) -> dict[str, Any]:
        """What a call needs to report; the address is the engine's side of our bridge."""
        return {"nonce": nonce, "collector": [engine_view.gateway(), self._port], **more}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens for the time of a `with` block."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            collector.take(self.rfile.readline())
            self.wfile.write(b"1")

    with socketserver.ThreadingTCPServer(("0.0.0.0", 0), Handler) as server:
        server.daemon_threads = True
        collector = Collector(server.server_address[1])
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield collector
        finally:
            server.shutdown()
