"""Every option of a container and a build, as docs/security.md has them. Pure values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.engine import host_config, labels
from functions.engine.host_config import MIB, Container

WANTED = Container(
    image_id="sha256:abc",
    environment={"A": "1", "B": "x=y"},
    labels={"workerfront.role": "function"},
    memory=256 * MIB,
    cpus=0.5,
    network_mode=host_config.NETWORK,
    channel_folder="/home/channels/1",
)


def host(wanted: Container = WANTED) -> dict[str, Any]:
    options: dict[str, Any] = host_config.container(wanted)["HostConfig"]
    return options


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("Image", "sha256:abc"),
        ("User", "65532:65532"),
        ("WorkingDir", "/function"),
        ("Tty", False),
        ("OpenStdin", False),
        ("Healthcheck", {"Test": ["NONE"]}),
        ("Env", ["A=1", "B=x=y"]),
        ("Labels", {"workerfront.role": "function"}),
    ],
)
def test_the_container(option: str, value: Any) -> None:
    assert host_config.container(WANTED)[option] == value


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("Memory", 256 * MIB),
        ("MemorySwap", 256 * MIB),
        ("NanoCpus", 500_000_000),
        ("PidsLimit", 256),
        ("OomScoreAdj", 500),
        ("ReadonlyRootfs", True),
        ("CapDrop", ["ALL"]),
        ("SecurityOpt", ["no-new-privileges"]),
        ("RestartPolicy", {"Name": "no"}),
        ("Privileged", False),
        ("Binds", ["/home/channels/1:/run/worker-front"]),
        ("Tmpfs", {"/tmp": "rw,nosuid,nodev,size=67108864"}),
    ],
)
def test_what_holds_it(option: str, value: Any) -> None:
    assert host()[option] == value


def test_open_files_and_core_dumps_are_limited() -> None:
    assert {(limit["Name"], limit["Soft"], limit["Hard"]) for limit in host()["Ulimits"]} == {
        ("nofile", 1024, 1024),
        ("core", 0, 0),
    }


@pytest.mark.parametrize(("level", "pids"), [({}, 256), ({"serves_many": True}, 1024)])
def test_a_container_for_many_calls_has_more_processes_and_a_long_lived_one_an_init(
    level: dict[str, bool], pids: int
) -> None:
    assert (host(replace(WANTED, **level))["PidsLimit"], host(replace(WANTED, **level))["Init"]) == (pids, False)
    assert host(replace(WANTED, is_long_lived=True))["Init"] is True


def test_the_engine_s_own_log_is_capped() -> None:
    assert host()["LogConfig"]["Config"] == {"max-size": "256k", "max-file": "1"}


def test_nothing_loosens_what_was_tightened() -> None:
    """Options that would undo the above: no port, no device, no host namespace, no added capability."""
    options = {**host_config.container(WANTED), **host()}
    loose = {"ExposedPorts", "PortBindings", "PublishAllPorts", "Devices", "CapAdd", "PidMode", "IpcMode", "UsernsMode"}
    assert loose.isdisjoint(options)
    assert "seccomp" not in str(options["SecurityOpt"])


@pytest.mark.parametrize(("mode", "is_disabled"), [("wf-fn", False), ("none", True), ("container:abc", False)])
def test_the_network(mode: str, is_disabled: bool) -> None:
    wanted = replace(WANTED, network_mode=mode)
    assert host(wanted)["NetworkMode"] == mode
    assert host_config.container(wanted)["NetworkDisabled"] is is_disabled


def test_a_container_joins_a_holder_by_its_id() -> None:
    assert host_config.joined("abc") == "container:abc"


def test_without_a_channel_folder_nothing_is_mounted() -> None:
    assert host(replace(WANTED, channel_folder=None))["Binds"] == []


def test_no_limit_of_cpus_is_zero_for_the_engine_too() -> None:
    assert host(replace(WANTED, cpus=0))["NanoCpus"] == 0


def test_a_network_holder_is_as_tight_and_ends_by_itself() -> None:
    config = host_config.network_holder("sha256:abc", {"a": "b"}, 1800)
    assert config["Entrypoint"] == ["sleep", "1800"]
    assert config["HostConfig"]["AutoRemove"] is True
    assert config["HostConfig"]["Memory"] == host_config.HOLDER_MEMORY
    assert config["HostConfig"]["NetworkMode"] == host_config.NETWORK
    assert config["HostConfig"]["CapDrop"] == ["ALL"]
    assert (config["User"], config["Labels"], config["HostConfig"]["Binds"]) == ("65532:65532", {"a": "b"}, [])


def test_containers_on_our_bridge_do_not_reach_each_other() -> None:
    network = host_config.network({"a": "b"})
    assert network["name"] == host_config.NETWORK
    assert network["options"]["com.docker.network.bridge.enable_icc"] == "false"
    assert network["labels"] == {"a": "b"}


def test_a_build_is_bounded_and_leaves_nothing() -> None:
    assert host_config.build(2 * 1024 * MIB) == {
        "rm": True,
        "forcerm": True,
        "network_mode": "wf-fn",
        "container_limits": {"memory": 2 << 30, "memswap": 2 << 30},
    }


def test_labels_tell_who_made_a_thing_and_for_what() -> None:
    container = labels.container("i", "n", "W1", "v", "e")
    assert container == {
        "workerfront.instance": "i",
        "workerfront.node": "n",
        "workerfront.role": "function",
        "workerfront.function": "W1",
        "workerfront.version": "v",
        "workerfront.execution": "e",
    }
    assert labels.image("i", "n", "W1", "v").items() < container.items()
    assert labels.build_layer("i") == {"workerfront.instance": "i", "workerfront.role": "build"}
