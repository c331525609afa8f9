"""Each option of each container of a mixed run, as the engine has it, against docs/security.md."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract import engine_view, records
from tests.contract.package import package
from tests.worker import engine, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worker import Worker

MIB = 1 << 20
AGENT = {"WF_HANDLER", "WF_CHANNEL", "WF_MODE", "WF_RUNTIME", "WF_LOG_LIMIT", "WF_RESULT_LIMIT"}
FUNCTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "OptionsPython": ("python3.7", {"env": {"FLAVOUR": "süß"}}),
    "OptionsNode": ("node20", {"network": "none", "memory": "128m"}),
    "OptionsJava": ("java8", {"memory": "300m"}),
}
HOST_CONFIG = {
    "CpuShares": 0,
    "PidsLimit": 256,
    "OomScoreAdj": 500,
    "OomKillDisable": False,
    "ReadonlyRootfs": True,
    "Tmpfs": {"/tmp": "rw,nosuid,nodev,size=67108864"},
    "CapDrop": ["ALL"],
    "CapAdd": None,
    "SecurityOpt": ["no-new-privileges"],  # and no "seccomp=": the engine's own profile holds
    "Privileged": False,
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "LogConfig": {"Type": "json-file", "Config": {"max-size": "256k", "max-file": "1"}},
    "PublishAllPorts": False,
    "PortBindings": None,
    "VolumesFrom": None,
    "Devices": None,
    "DeviceRequests": None,
    "ExtraHosts": None,
    "GroupAdd": None,
    "IpcMode": "private",
    "PidMode": "",
    "UTSMode": "",
    "UsernsMode": "",
    "CgroupParent": "",
}
ULIMITS = {"nofile": (1024, 1024), "core": (0, 0)}


@pytest.fixture(scope="module")
def running(worker: Worker) -> Iterator[list[dict[str, Any]]]:
    """The engine's descriptions of all containers of this worker while three functions sleep."""
    for name, (runtime, config) in FUNCTIONS.items():
        worker.deploy(name, package(runtime, **config))
    for _ in range(2):  # after the first calls there are network holders for the second
        with ThreadPoolExecutor() as pool:
            calls = [pool.submit(worker.execute, name, {"case": "sleep", "seconds": 3}) for name in FUNCTIONS]
            eventually(lambda: len(_running(worker)) == len(FUNCTIONS), 60)
            found = _described(worker)
            assert {call.result().status for call in calls} == {200}
    yield found


def test_every_container_has_every_limit(running: list[dict[str, Any]]) -> None:
    assert len(running) > len(FUNCTIONS), "no network holder among them"
    for container in running:
        config = container["HostConfig"]
        assert {name: config[name] or HOST_CONFIG[name] and config[name] for name in HOST_CONFIG} == HOST_CONFIG
        assert {limit["Name"]: (limit["Soft"], limit["Hard"]) for limit in config["Ulimits"]} == ULIMITS
        assert config["MemorySwap"] == config["Memory"]


def test_memory_and_cpus_are_what_was_asked_for(running: list[dict[str, Any]]) -> None:
    memory = {_function(found): found["HostConfig"]["Memory"] // MIB for found in running}
    assert memory == {"OptionsPython": 256, "OptionsNode": 128, "OptionsJava": 300, "": 16}
    assert {found["HostConfig"]["NanoCpus"] for found in running if _function(found)} == {10**9}


def test_the_process_is_nobody_without_a_terminal(running: list[dict[str, Any]]) -> None:
    for container in running:
        config = container["Config"]
        assert config["User"] == "65532:65532"
        assert (config["Tty"], config["OpenStdin"], config["AttachStdin"]) == (False, False, False)
        assert config["Healthcheck"] == {"Test": ["NONE"]}
        assert config["WorkingDir"] == ("/function" if _function(container) else "/")


def test_the_image_is_named_by_its_id(running: list[dict[str, Any]], worker: Worker) -> None:
    for container in filter(_function, running):
        assert container["Config"]["Image"] == container["Image"]
        assert container["Image"] == records.image(worker, _function(container))["image_id"]


def test_the_environment_is_the_functions_and_the_agents(running: list[dict[str, Any]]) -> None:
    for container in running:
        with engine() as client:
            of_image = client.images.get(container["Image"]).attrs["Config"]["Env"]
        added = dict(pair.split("=", 1) for pair in container["Config"]["Env"] if pair not in of_image)
        own = FUNCTIONS[_function(container)][1].get("env", {}) if _function(container) else {}
        assert set(added) == (AGENT | set(own) if _function(container) else set())
        assert {name: added[name] for name in own} == own


def test_labels_say_whose_it_is(running: list[dict[str, Any]], worker: Worker) -> None:
    for container in running:
        labels = container["Config"]["Labels"]
        own = {key.removeprefix("workerfront."): labels[key] for key in labels if key.startswith("workerfront.")}
        assert (own.pop("instance"), bool(own.pop("node"))) == (worker.instance, True)
        if not _function(container):
            assert own == {"role": "network"}
            continue
        execution = own.pop("execution").replace("-", "")
        row = records.rows(worker, "SELECT * FROM functions_execution WHERE id = ?", [execution])[0]
        assert own == {"role": "function", "function": row["function_name"], "version": row["version"]}
        assert container["Name"] == f"/{row['container_name']}"
        assert row["container_name"].startswith(f"hf_{row['function_name'].lower()}__")


def test_nothing_of_the_host_is_mounted_but_the_channel(running: list[dict[str, Any]], worker: Worker) -> None:
    for container in running:
        mounts = container["Mounts"]
        if _function(container) in ("", "OptionsJava"):  # java8 is reached over TCP
            assert mounts == []
            continue
        assert [mount["Destination"] for mount in mounts] == ["/run/worker-front"]
        execution = container["Config"]["Labels"]["workerfront.execution"].replace("-", "")
        assert mounts[0]["Source"].startswith(f"{worker.home}/channels/{execution}-")


def test_a_function_joins_a_holders_network_or_none_and_no_port_is_published(running: list[dict[str, Any]]) -> None:
    holders = {found["Id"] for found in running if not _function(found)}
    for container in running:
        mode = container["HostConfig"]["NetworkMode"]
        if not _function(container):
            assert mode == "wf-fn"
            assert container["HostConfig"]["AutoRemove"]
        elif _function(container) == "OptionsNode":
            assert mode == "none"
        else:
            assert mode.removeprefix("container:") in holders
        assert not any((container["NetworkSettings"]["Ports"] or {}).values())


def test_our_bridge_carries_nothing_between_containers(running: list[dict[str, Any]]) -> None:
    assert running
    with engine() as client:
        bridge = client.networks.get("wf-fn").attrs
    assert (bridge["Driver"], bridge["Options"]["com.docker.network.bridge.enable_icc"]) == ("bridge", "false")
    assert bridge["Options"]["com.docker.network.bridge.name"] == "wf-fn"


def _function(container: dict[str, Any]) -> str:
    """The function that a container runs; empty for a network holder."""
    labels = container["Config"]["Labels"]
    return str(labels["workerfront.function"]) if "workerfront.execution" in labels else ""


def _running(worker: Worker) -> set[str]:
    listed = engine_view.containers(worker, role="function")
    names = {found["Labels"]["workerfront.function"] for found in listed if found["State"] == "running"}
    return names & set(FUNCTIONS)


def _described(worker: Worker) -> list[dict[str, Any]]:
    with engine() as client:
        described = [client.api.inspect_container(found["Id"]) for found in engine_view.containers(worker)]
    return [found for found in described if _function(found) in ("", *FUNCTIONS)]
