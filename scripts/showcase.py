"""Starts the worker, deploys the bundled samples, calls one of each language and prints request and answer.

Standard library only. Goes on serving until it is told to stop; with --once it stops after the answers, and exits with
1 when one of them was not a 200.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
SHOWN = ("PythonHello", "NodeHello", "JavaHello")
MANAGE = [sys.executable, str(ROOT / "manage.py")]
START_LIMIT_S = 60
OK = 200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args()
    base = f"http://127.0.0.1:{options.port}"
    worker = subprocess.Popen([*MANAGE, "start", str(options.port)], start_new_session=True)  # noqa: S603
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.terminate())
    try:
        wait_until_it_answers(base, worker)
        subprocess.run([*MANAGE, "deploy", *map(str, samples())], check=True)  # noqa: S603
        is_well = [show(base, name) for name in SHOWN].count(False) == 0
        if not options.once:
            print(f"\nServing {base}/execute?name=... and {base}/admin/ until Ctrl-C.", flush=True)
            return worker.wait()
    finally:
        worker.terminate()
        stopped = worker.wait()
    return stopped or int(not is_well)


def samples() -> list[Path]:
    return sorted(path for path in SAMPLES.iterdir() if path.is_dir())


def wait_until_it_answers(base: str, worker: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and worker.poll() is None:
        try:
            fetch(f"{base}/openapi.json")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The worker did not start; its own words are above.")


def show(base: str, name: str) -> bool:
    """Prints one call; true when the function itself answered 200."""
    url = f"{base}/execute?{urlencode({'name': name, 'who': 'Zoë'})}"
    print(f"\nGET {url}", flush=True)
    answer = json.loads(fetch(url))
    print(json.dumps(answer, ensure_ascii=False, indent=2), flush=True)
    return bool(answer.get("Result", {}).get("statusCode") == OK)


def fetch(url: str) -> bytes:
    """The body, whatever the status."""
    try:
        with urllib.request.urlopen(url, timeout=600) as response:  # noqa: S310 -- our own loopback address
            return bytes(response.read())
    except urllib.error.HTTPError as error:
        return bytes(error.read())


if __name__ == "__main__":
    sys.exit(main())
