"""The peers of the warm benchmark: servers in the functions' languages that spawn an interpreter inside each call."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.oneshot import JAVA_FLAGS

PORT = 8080
FOLDER = Path(__file__).parent
CLASSES = "/opt/worker-front/agent/classes"
NO_DELAY = "-Dsun.net.httpserver.nodelay=true"  # else its answer's second packet may wait for the client, for 40 ms
_FILES = {"python3.7": "peer.py", "node12": "peer.js", "java8": "main/Peer.java"}
_COMMANDS = {
    "python3.7": ["python3", "peer.py"],
    "node12": ["node", "peer.js"],
    "java8": ["java", NO_DELAY, *JAVA_FLAGS, "-cp", CLASSES, "main.Peer", *JAVA_FLAGS, "-cp", CLASSES, "main.Main"],
}


def files(runtime: str) -> dict[str, str]:
    """The server's source, to lie beside the function's."""
    name = _FILES[runtime]
    return {name: (FOLDER / name).read_text()}


def command(runtime: str) -> list[str]:
    """Starts the server in the function's image."""
    return _COMMANDS[runtime]


def answers(address: str) -> bool:
    """Does the server of this address serve a call?"""
    try:
        with urllib.request.urlopen(f"http://{address}:{PORT}/", b"{}", timeout=5) as response:
            return bool(response.read())
    except (OSError, urllib.error.URLError):
        return False
