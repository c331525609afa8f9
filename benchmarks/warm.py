"""Warm calls: `process` isolation against an interpreter that is spawned inside the call, the pre-warmed pool against a
plain one-shot sequence.

`python -m benchmarks.warm [--rounds N] [runtime...]`, in the checkout. README.md says what is compared. The exit
status is 1 when a call failed, or when one of ours is not as many times faster as LIMITS say.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import peers
from benchmarks.http import Connection, Reply
from benchmarks.measure import ANSWER, System, in_blocks, print_versions, report, warmed_up
from benchmarks.oneshot import HANDLERS, MEMORY, plain, server_timing
from tests.contract import records
from tests.worker import Worker, engine, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

BACK_TO_BACK, IN_TURN = "back to back", "in turn, with pauses"
LOADS = (BACK_TO_BACK, IN_TURN)
# How many times faster, and under which load. A started interpreter, unlike a forked one, takes as long to be replaced
# as the peer's call: only pauses show what it is to find one ready.
LIMITS = {"python3.7": (8, BACK_TO_BACK), "node12": (5, IN_TURN), "java8": (5, IN_TURN)}
ROUNDS, BLOCK, WARM_UP, PAUSE_S = 300, 50, 20, 0.02
POOL_LIMIT, POOL_NUM, POOL_ROUNDS = 25, 3, 20
SETTLE_S = 60


def to(worker: Worker) -> closing[Connection]:
    return closing(Connection("127.0.0.1", worker.port))


def ours(connection: Connection, name: str, start_type: str) -> System:
    """A call through the HTTP API on a connection that is kept; a call that was served in another way is an error."""

    def read(system: System, reply: Reply) -> str:
        body = json.loads(reply.body)
        assert body["Meta"]["StartType"] == start_type, body
        for part, spent in server_timing(reply.header("Server-Timing")).items():
            system.add(part, spent)
        return str(body["Result"]["body"])

    return System("ours", lambda _: connection.post(f"/execute?name={name}", b"{}"), read)


def spawning(connection: Connection) -> System:
    """A server in a long-lived container, in the function's language, that starts an interpreter for each call."""
    return System("spawn", lambda _: connection.post("/", b"{}"), lambda _, reply: str(json.loads(reply.body)))


def deployed(worker: Worker, runtime: str, isolation: str) -> tuple[str, str]:
    """A function that does nothing, and that has the peer's server beside it; its name and its image's."""
    handler, name = HANDLERS[runtime], f"Warm{isolation.title()}{runtime.replace('.', '')}"
    config = {"environment": runtime, "memory": MEMORY, "isolation": isolation}
    sources = {handler.file: handler.source, **peers.files(runtime)}
    worker.deploy(name, {"config.json": json.dumps(config), **sources})
    built = worker.execute(name, {})
    assert built.json["Result"]["body"] == ANSWER, built.body.decode()
    return name, built.json["Meta"]["ImageName"]


@contextmanager
def peer(image: str, runtime: str) -> Iterator[str]:
    """The address of the peer's container."""
    with engine() as client:
        container = client.containers.run(
            image, entrypoint=peers.command(runtime), mem_limit=8 * MEMORY, network_mode="bridge", detach=True
        )
        try:
            container.reload()
            address: str = container.attrs["NetworkSettings"]["IPAddress"]
            eventually(lambda: peers.answers(address))
            yield address
        finally:
            container.remove(force=True)


def compare_process(worker: Worker, runtime: str, rounds: int) -> bool:
    name, image = deployed(worker, runtime, "process")
    with peer(image, runtime) as address, to(worker) as own, closing(Connection(address, peers.PORT)) as others:
        results = [_under(load, runtime, (ours(own, name, "warm"), spawning(others)), rounds) for load in LOADS]
    return all(results)


def _under(load: str, runtime: str, systems: tuple[System, System], rounds: int) -> bool:
    if load == BACK_TO_BACK:
        in_blocks(systems, max(1, rounds // BLOCK), min(BLOCK, rounds))
    else:
        warmed_up(systems, rounds, WARM_UP, lambda: time.sleep(PAUSE_S))
    limit, judged = LIMITS[runtime]
    return _verdict(report(f"{runtime}, {load}", *systems), limit if load == judged else None)


def compare_pool(worker: Worker, runtime: str, rounds: int) -> bool:
    name, image = deployed(worker, runtime, "container")
    with engine() as client, to(worker) as own:
        mine, other = ours(own, name, "prewarmed"), plain(client.api, image, HANDLERS[runtime])
        warmed_up((mine, other), rounds, 2, lambda: eventually(lambda: _pool_is_full(worker, name), SETTLE_S))
    return _verdict(report(f"{runtime} pool", mine, other), POOL_LIMIT)


def _pool_is_full(worker: Worker, name: str) -> bool:
    query = (
        "SELECT state FROM functions_poolentry WHERE kind = 'prewarmed' AND container_name LIKE ? "
        "AND state IN ('IDLE', 'STARTING', 'CLAIMED', 'REMOVING')"
    )
    found = [row["state"] for row in records.rows(worker, query, [f"hf_{name.lower()}__%"])]
    return found == ["IDLE"] * POOL_NUM


def _verdict(ratio: float, limit: int | None) -> bool:
    """Without a limit only a failed call, whose ratio is infinite, is false."""
    wanted = f"wanted: {limit}" if limit else "for comparison"
    print(f"{'':10}{1 / ratio:.1f} times faster ({wanted})\n", flush=True)
    return ratio < float("inf") and (limit is None or 1 / ratio >= limit)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("runtimes", nargs="*", help=f"of {', '.join(LIMITS)}")
    options = parser.parse_args()
    print_versions()
    chosen = options.runtimes or LIMITS
    with tempfile.TemporaryDirectory() as folder:
        with Worker(Path(folder) / "process", REST_CONTAINER_LIFE_TIME="600") as worker:
            results = [compare_process(worker, runtime, options.rounds) for runtime in chosen]
        pool = {"CONTAINER_POOL_LIMIT": "1", "CONTAINER_POOL_NUM": str(POOL_NUM)}
        with Worker(Path(folder) / "pool", **pool) as worker:
            results += [compare_pool(worker, runtime, min(options.rounds, POOL_ROUNDS)) for runtime in chosen]
    return int(not all(results))


if __name__ == "__main__":
    sys.exit(main())
