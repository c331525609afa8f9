"""One-shot calls: ours through the worker's HTTP API against create, start, wait, logs, remove through docker-py.

`python -m benchmarks.oneshot [--rounds N] [runtime...]`, in the checkout. README.md says what is compared. The exit
status is 1 when a call failed, or when our median is above LIMIT of the plain sequence's.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import System, milliseconds_since, print_versions, report, warmed_up
from tests.samples import load
from tests.worker import Worker, engine, eventually

if TYPE_CHECKING:
    import docker

LIMIT = 0.85
ROUNDS, WARM_UP = 20, 3
MEMORY = 256 << 20  # bytes; the worker's default, said to both
NAME = "OneShot"
SETTLE_S = 30
# What makes a small program start fastest; the plain way has it, too.
JAVA_FLAGS = ("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
JAVA = """package main;

import java.util.Map;

public class Main {
    public static Object lambda_handler(Map<String, Object> event) {
        return "hello";
    }

    public static void main(String[] arguments) {
        System.out.println("\\"" + lambda_handler(null) + "\\"");
    }
}
"""


@dataclass(frozen=True)
class Handler:
    """A function that does nothing, and the command that runs it in its own image, without an agent."""

    file: str
    source: str
    command: list[str]


HANDLERS = {
    "python3.7": Handler(
        "main.py",
        "def lambda_handler(event, context):\n    return 'hello'\n",
        ["python3", "-c", "import json, main; print(json.dumps(main.lambda_handler({}, None)))"],
    ),
    "node12": Handler(
        "index.js",
        "exports.handle = async () => 'hello';\n",
        ["node", "-e", "require('/function/index.js').handle({}).then((value) => console.log(JSON.stringify(value)))"],
    ),
    "java8": Handler(
        "main/Main.java",
        JAVA,
        ["java", *JAVA_FLAGS, "-cp", "/opt/worker-front/agent/classes", "main.Main"],
    ),
}


def ours(worker: Worker, name: str) -> System:
    """A call through the HTTP API; the parts are the worker's Server-Timing, and the rest of what the client saw."""

    def call(system: System) -> str:
        began = time.perf_counter()
        reply = worker.execute(name, {})
        total = milliseconds_since(began)
        assert reply.status == 200, reply.body.decode()
        stages = server_timing({key.lower(): value for key, value in reply.headers.items()}["server-timing"])
        for part, spent in {**stages, "rest": total - sum(stages.values())}.items():
            system.add(part, spent)
        return str(reply.json["Result"]["body"])

    return System("ours", call)


def server_timing(header: str) -> dict[str, float]:
    return {stage: float(spent) for stage, spent in re.findall(r"(\w+);dur=([0-9.]+)", header)}


def plain(client: docker.APIClient, image: str, handler: Handler) -> System:
    """What a script does that runs a function once in a container."""
    limits = client.create_host_config(mem_limit=MEMORY, memswap_limit=MEMORY, network_mode="bridge")

    def call(system: System) -> str:
        with system.measure("create"):
            container = client.create_container(image, entrypoint=handler.command, host_config=limits)["Id"]
        with system.measure("start"):
            client.start(container)
        with system.measure("wait"):
            client.wait(container)
        with system.measure("logs"):
            output = client.logs(container)
        with system.measure("remove"):
            client.remove_container(container)
        return str(json.loads(output))

    return System("plain", call)


def compare(worker: Worker, runtime: str, rounds: int) -> bool:
    """Runs both in turn and prints the outcome; true when ours is fast enough and nothing failed."""
    handler, name = HANDLERS[runtime], NAME + runtime.replace(".", "")
    config = {"environment": runtime, "memory": MEMORY}
    worker.deploy(name, {"config.json": json.dumps(config), handler.file: handler.source})
    built = worker.execute(name, {})
    assert built.status == 200, built.body.decode()
    with engine() as client:
        mine, other = ours(worker, name), plain(client.api, built.json["Meta"]["ImageName"], handler)
        # Ours removes its container after the answer: not at the expense of the other's next round.
        warmed_up((mine, other), rounds, WARM_UP, lambda: eventually(lambda: not load.leftovers(worker), SETTLE_S))
    ratio = report(runtime, mine, other)
    print(f"{'':10}ratio {ratio:.2f} (limit {LIMIT})\n", flush=True)
    return ratio <= LIMIT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("runtimes", nargs="*", help=f"of {', '.join(HANDLERS)}")
    options = parser.parse_args()
    print_versions()
    with tempfile.TemporaryDirectory() as folder, Worker(Path(folder) / "home") as worker:
        results = [compare(worker, runtime, options.rounds) for runtime in options.runtimes or HANDLERS]
    return int(not all(results))


if __name__ == "__main__":
    sys.exit(main())
