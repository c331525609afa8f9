"""Starts the worker, deploys the bundled samples, calls one of each language and prints request and answer.

Standard library only. Goes on serving until it is told to stop; with --once it stops after the answers, and exits
with 1 when one of them was not the function's own 200.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
SHOWN = ("PythonHello", "NodeHello", "JavaHello")
MANAGE = [sys.executable, str(ROOT / "manage.py")]
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
HOST = "127.0.0.1"
START_LIMIT_S = 60
ANSWER_LIMIT_S = 600  # the first call builds
OK = 200
web = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # our own loopback address is behind no proxy


class ToldToStop(Exception):
    """SIGTERM or the like, wherever we are."""


class Worker(subprocess.Popen[bytes]):
    """`manage.py start`, in a session of its own: Ctrl-C reaches it through us only."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{HOST}:{port}"
        super().__init__([*MANAGE, "start", str(port)], start_new_session=True)

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and self.poll() is None:
            try:
                fetch(f"{self.url}/openapi.json")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise SystemExit("The worker did not start; its own words are above.")

    def stop(self) -> int:
        """Its exit status. Patience: it ends its calls and removes their containers first."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        self.terminate()
        return self.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args()
    refuse_taken(options.port)
    worker = Worker(options.port)
    for number in SIGNALS:
        signal.signal(number, told_to_stop)
    is_well = False
    try:
        worker.wait_until_it_answers()
        is_well = show_samples(worker.url)
        if not options.once:
            print(f"\nServing {worker.url}/execute?name=... and {worker.url}/admin/ until Ctrl-C.", flush=True)
            return worker.wait()
    except ToldToStop:
        print("\nStopping.", flush=True)
    finally:
        stopped = worker.stop()
    return int(stopped != 0 or (options.once and not is_well))


def told_to_stop(*_: object) -> NoReturn:
    raise ToldToStop


def refuse_taken(port: int) -> None:
    """Else another server's answers would pass for the worker's."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: an old connection is no server
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise SystemExit(f"{HOST}:{port} cannot be used ({error}). Try another port: make run PORT=8300") from None


def show_samples(url: str) -> bool:
    """True when all went well."""
    packages = sorted(str(path) for path in SAMPLES.iterdir() if path.is_dir())
    if subprocess.run([*MANAGE, "deploy", *packages], check=False).returncode != 0:  # noqa: S603
        return False
    shown = [show(url, name) for name in SHOWN]  # all of them, also after a failed one
    return all(shown)


def show(url: str, name: str) -> bool:
    """Prints one call; true when the function itself answered 200."""
    request = f"{url}/execute?{urlencode({'name': name, 'who': 'Zoë'})}"
    print(f"\nGET {request}", flush=True)
    try:
        answer = json.loads(fetch(request))
    except (OSError, ValueError) as error:
        print(f"no answer: {error}", flush=True)
        return False
    print(json.dumps(answer, ensure_ascii=False, indent=2), flush=True)
    return bool(answer.get("Result", {}).get("statusCode") == OK)


def fetch(url: str) -> bytes:
    """The body, whatever the status. Raises OSError when there is no answer."""
    try:
        with web.open(url, timeout=ANSWER_LIMIT_S) as response:
            return bytes(response.read())
    except urllib.error.HTTPError as error:
        return bytes(error.read())


if __name__ == "__main__":
    sys.exit(main())
