"""One-shot calls: ours through the worker's HTTP API against create, start, wait, logs, remove through docker-py.

`python -m benchmarks.oneshot [--rounds N] [runtime...]`, in the checkout. README.md says what is compared. The exit
status is 1 when a call failed, or when our median is above LIMIT of the plain sequence's.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import docker

from tests.samples import load
from tests.worker import Worker, engine, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


@dataclass
class System:
    """One of the two: its times in ms, of the whole call and of its parts, and what went wrong."""

    label: str
    call: Callable[[System], str]
    total: list[float] = field(default_factory=list)
    parts: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def round(self) -> None:
        began = time.perf_counter()
        try:
            answer = self.call(self)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is counted and shown
            self.errors.append(f"{type(error).__name__}: {error}")
            return
        self.total.append(milliseconds_since(began))
        if answer != "hello":
            self.errors.append(f"a wrong answer: {answer!r}")

    def add(self, part: str, milliseconds: float) -> None:
        self.parts.setdefault(part, []).append(milliseconds)

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.add(part, milliseconds_since(began))

    def reset(self) -> None:
        """Forgets the times of the warm-up, but not its errors."""
        self.total.clear()
        self.parts.clear()

    @property
    def median(self) -> float:
        return statistics.median(self.total)

    def line(self) -> str:
        deciles = statistics.quantiles(self.total, n=10)
        parts = "  ".join(f"{part} {statistics.median(times):.1f}" for part, times in self.parts.items())
        return (
            f"{self.label:<6}{self.median:>8.1f}{deciles[0]:>8.1f}{deciles[-1]:>8.1f}"
            f"{len(self.total):>6}{len(self.errors):>8}   {parts}"
        )


def milliseconds_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


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
        systems = (ours(worker, name), plain(client.api, built.json["Meta"]["ImageName"], handler))
        run_in_turn(worker, systems, WARM_UP)
        for system in systems:
            system.reset()
        run_in_turn(worker, systems, rounds)
    return report(runtime, *systems)


def run_in_turn(worker: Worker, systems: tuple[System, System], rounds: int) -> None:
    for _ in range(rounds):
        for system in systems:
            system.round()
            # Ours removes its container after the answer: not at the expense of the other's next round.
            eventually(lambda: not load.leftovers(worker), SETTLE_S)


def report(runtime: str, mine: System, other: System) -> bool:
    print(f"{runtime:<10}{'':6}{'median':>8}{'p10':>8}{'p90':>8}{'n':>6}{'errors':>8}   medians of the parts, ms")
    for system in (mine, other):
        print(f"{'':10}{system.line()}" if len(system.total) > 1 else f"{'':10}{system.label}: no times")
    errors = mine.errors + other.errors
    print(*errors[:5], sep="\n", end="\n" if errors else "")
    ratio = mine.median / other.median if mine.total and other.total else float("inf")
    print(f"{'':10}ratio {ratio:.2f} (limit {LIMIT})\n", flush=True)
    return ratio <= LIMIT and not errors


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("runtimes", nargs="*", help=f"of {', '.join(HANDLERS)}")
    options = parser.parse_args()
    with engine() as client:
        version = client.version()["Version"]
    print(f"Docker {version}, docker-py {docker.__version__}, Linux {platform.release()}, {platform.machine()}\n")
    with tempfile.TemporaryDirectory() as folder, Worker(Path(folder) / "home") as worker:
        results = [compare(worker, runtime, options.rounds) for runtime in options.runtimes or HANDLERS]
    return int(not all(results))


if __name__ == "__main__":
    sys.exit(main())
