"""Every container of a mixed run has every option of docs/security.md, as the engine itself tells."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract import engine_view
from tests.docker.functions import java, node, python
from tests.worker import eventually

if TYPE_CHECKING:
    from tests.worker import Worker

MIB = 1 << 20
SECONDS = 4  # so long a sleeper sleeps to be looked at
SLEEPERS = {
    "SleepyPython": python("time.sleep(event)\nreturn 1", memory="100m"),
    "SleepyNode": node("await new Promise((done) => setTimeout(done, 1000 * event)); return 1;", network="none"),
    "SleepyJava": java('Thread.sleep(1000 * ((Number) event.get("event")).longValue()); return 1;'),
}


@pytest.fixture(scope="module")
def inspected(worker: Worker) -> dict[str, dict[str, Any]]:
    """What the engine says of each sleeper's container while it runs, by function."""
    for name, files in SLEEPERS.items():
        worker.deploy(name, files)
        assert worker.execute(name, 0).status == 200
    with ThreadPoolExecutor(len(SLEEPERS)) as pool:
        replies = [pool.submit(worker.execute, name, SECONDS) for name in SLEEPERS]
        found: dict[str, dict[str, Any]] = {}

        def all_seen() -> bool:
            for name in SLEEPERS:
                for entry in engine_view.containers(worker, function=name):
                    if seen := engine_view.inspected(entry["Id"]):
                        found[name] = seen
            return len(found) == len(SLEEPERS)

        eventually(all_seen, 120)
        assert [reply.result().status for reply in replies] == [200] * len(SLEEPERS)
    return found


@pytest.mark.parametrize("name", SLEEPERS)
def test_a_container_can_do_nothing_that_it_need_not(inspected: dict[str, dict[str, Any]], name: str) -> None:
    config, host = inspected[name]["Config"], inspected[name]["HostConfig"]
    assert (config["User"], config["WorkingDir"]) == ("65532:65532", "/function")
    assert [config["Tty"], config["OpenStdin"], host["Privileged"], host["PublishAllPorts"]] == [False] * 4
    assert config["Healthcheck"] == {"Test": ["NONE"]}
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert not host["PortBindings"]
    assert host["RestartPolicy"]["Name"] == "no"
    assert "unconfined" not in str(host["SecurityOpt"])


@pytest.mark.parametrize(("name", "memory"), [("SleepyPython", 100), ("SleepyNode", 256), ("SleepyJava", 256)])
def test_a_container_has_limits(inspected: dict[str, dict[str, Any]], name: str, memory: int) -> None:
    host = inspected[name]["HostConfig"]
    assert (host["Memory"], host["MemorySwap"]) == (memory * MIB, memory * MIB)
    assert (host["NanoCpus"], host["PidsLimit"], host["OomScoreAdj"]) == (10**9, 256, 500)
    ulimits = {limit["Name"]: (limit["Soft"], limit["Hard"]) for limit in host["Ulimits"]}
    assert ulimits == {"nofile": (1024, 1024), "core": (0, 0)}
    assert host["Tmpfs"] == {"/tmp": f"rw,nosuid,nodev,size={64 * MIB}"}
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "1", "max-size": "256k"}}


@pytest.mark.parametrize("name", SLEEPERS)
def test_a_container_sees_the_channels_folder_and_no_other(inspected: dict[str, dict[str, Any]], name: str) -> None:
    binds = inspected[name]["HostConfig"]["Binds"] or []
    assert [bind.partition(":")[2] for bind in binds] == ([] if name == "SleepyJava" else ["/run/worker-front"])


@pytest.mark.parametrize("name", SLEEPERS)
def test_a_container_names_its_image_by_id_and_its_owner_by_labels(
    worker: Worker, inspected: dict[str, dict[str, Any]], name: str
) -> None:
    config = inspected[name]["Config"]
    assert config["Image"].startswith("sha256:")
    ours = {key.removeprefix("workerfront."): value for key, value in config["Labels"].items()}
    assert (ours["instance"], ours["role"], ours["function"]) == (worker.instance, "function", name)
    assert {"node", "version", "execution"} <= ours.keys()


def test_a_network_is_our_bridge_or_none(inspected: dict[str, dict[str, Any]]) -> None:
    assert inspected["SleepyNode"]["Config"]["NetworkDisabled"] is True
    assert inspected["SleepyNode"]["HostConfig"]["NetworkMode"] == "none"
    for name in ("SleepyPython", "SleepyJava"):
        mode = inspected[name]["HostConfig"]["NetworkMode"]
        assert mode == "wf-fn" or mode.startswith("container:")


def test_a_network_holder_is_locked_down_as_well(worker: Worker) -> None:
    seen: list[dict[str, Any]] = []

    def one_seen() -> bool:
        listed = engine_view.containers(worker, role="network")
        seen.extend(found for entry in listed if (found := engine_view.inspected(entry["Id"])))
        return bool(seen)

    eventually(one_seen, 60)
    host = seen[0]["HostConfig"]
    assert (host["NetworkMode"], host["AutoRemove"], host["ReadonlyRootfs"]) == ("wf-fn", True, True)
    assert (host["CapDrop"], host["Memory"], host["Binds"] or []) == (["ALL"], 16 * MIB, [])
