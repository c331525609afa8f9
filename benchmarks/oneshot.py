"""One-shot calls: ours through the worker's HTTP API against create, start, wait, logs, remove through docker-py.

Both run the same handler from the same image with the same memory limit, in turn, in one run; README.md says what is
and what is not compared. Exits with 1 when a call fails or our median is above LIMIT of the plain sequence's.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from typing import TYPE_CHECKING

from tests.contract import records
from tests.worker import Worker, engine

if TYPE_CHECKING:
    import docker

LIMIT = 0.85
WARM_UP = 3
MEMORY = 256 << 20
JAVA_FLAGS = ["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
JAVA = """package main;
import java.util.*;
public class Main {
  public static Object lambda_handler(Map<String, Object> event) { return "hello"; }
  public static void main(String[] arguments) { System.out.println("\\"" + lambda_handler(new HashMap<>()) + "\\""); }
}
"""


@dataclass
class Case:
    """A no-op handler, and the command that runs it in its image without an agent."""

    runtime: str
    file: str
    source: str
    command: list[str]
    ours_ms: list[float] = field(default_factory=list)
    plain_ms: list[float] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"Bench{self.runtime.title().replace('.', '')}"


CASES = [
    Case(
        "python3.7",
        "main.py",
        "def lambda_handler(event, context):\n    return 'hello'\n",
        ["python3", "-c", "import json, main; print(json.dumps(main.lambda_handler({}, None)))"],
    ),
    Case(
        "node12",
        "index.js",
        "exports.handle = async () => 'hello';\n",
        ["node", "-e", "require('/function/index.js').handle({}).then((value) => console.log(JSON.stringify(value)))"],
    ),
    Case("java8", "main/Main.java", JAVA, ["java", *JAVA_FLAGS, "-cp", "/opt/worker-front/agent/classes", "main.Main"]),
]


def ours(worker: Worker, case: Case) -> str:
    """One call; the handler's value."""
    reply = worker.execute(case.name, {})
    assert reply.status == 200, reply.body
    case.stages.append(records.header(reply, "Server-Timing"))
    return str(reply.json["Result"]["body"])


def plain(client: docker.APIClient, image: str, case: Case) -> str:
    """The sequence that a script would run; the handler's value out of its stdout."""
    limits = client.create_host_config(mem_limit=MEMORY, memswap_limit=MEMORY, network_mode="bridge")
    container = client.create_container(image, entrypoint=case.command, host_config=limits)["Id"]
    client.start(container)
    client.wait(container)
    output = client.logs(container)
    client.remove_container(container)
    return str(json.loads(output))


def measure(worker: Worker, case: Case, rounds: int) -> None:
    """Ours and the plain one in turn."""
    worker.deploy(case.name, {"config.json": json.dumps({"environment": case.runtime}), case.file: case.source})
    ours(worker, case)
    image = records.image(worker, case.name)["image_id"]
    with engine() as client:
        for _ in range(WARM_UP + rounds):
            for run, times in (
                (lambda: ours(worker, case), case.ours_ms),
                (lambda: plain(client.api, image, case), case.plain_ms),
            ):
                began = time.perf_counter()
                assert run() == "hello"
                times.append((time.perf_counter() - began) * 1000)
    del case.ours_ms[:WARM_UP], case.plain_ms[:WARM_UP]


def report(case: Case) -> bool:
    """Prints one line for each system and the ratio; true when it is small enough."""
    for label, times in (("ours", case.ours_ms), ("plain", case.plain_ms)):
        deciles = statistics.quantiles(times, n=10)
        print(
            f"{case.runtime:10} {label:5} median {statistics.median(times):7.1f} ms   p10 {deciles[0]:7.1f}   "
            f"p90 {deciles[-1]:7.1f}   n={len(times)} errors=0"
        )
    ratio = statistics.median(case.ours_ms) / statistics.median(case.plain_ms)
    print(f"{case.runtime:10} ratio {ratio:.2f} (limit {LIMIT}); last stages: {case.stages[-1]}\n")
    return ratio <= LIMIT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with engine() as client:
        version = client.version()
    print(f"Docker {version['Version']}, Linux {platform.release()}, Python {platform.python_version()}\n")
    with tempfile.TemporaryDirectory() as folder, Worker(Path(folder) / "home") as worker:
        for case in CASES:
            measure(worker, case, options.rounds)
        return int(not all([report(case) for case in CASES]))  # noqa: C419 -- all of them are printed


if __name__ == "__main__":
    sys.exit(main())
