"""Every option of every container and build, made by pure functions. Nobody else writes one (docs/security.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MIB = 1 << 20
NETWORK = "wf-fn"  # our bridge: containers on it cannot reach each other
NO_NETWORK = "none"
USER = "65532:65532"  # nobody's id on the host
CHANNEL_FOLDER = "/run/worker-front"
AGENT_PORT = 9000
HOLDER_MEMORY = 16 * MIB
PIDS, PIDS_OF_MANY = 256, 1024  # processes and threads of a container for one call, and for many
TMP = "/tmp"  # noqa: S108 -- a path inside the container
OPEN_FILES = 1024
TMP_BYTES = 64 * MIB
CONTAINER_LOG = "256k"  # what the engine keeps of output that the agent did not catch


@dataclass(frozen=True)
class Container:
    """What differs between containers. Memory in bytes, cpus in cores (0: no limit)."""

    image_id: str
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    memory: int
    cpus: float
    network_mode: str  # NETWORK, NO_NETWORK, or joined(...)
    channel_folder: str | None  # a folder of the host for a unix channel; None for tcp
    serves_many: bool = False  # calls in processes of their own
    is_long_lived: bool = False  # an init reaps what its calls leave


def joined(container_id: str) -> str:
    """The network mode of a container that shares a holder's network."""
    return f"container:{container_id}"


def container(wanted: Container) -> dict[str, Any]:
    """The engine's `containers/create` body."""
    return {
        "Image": wanted.image_id,
        "User": USER,
        "WorkingDir": "/function",
        "Tty": False,
        "OpenStdin": False,
        "Healthcheck": {"Test": ["NONE"]},
        "Env": [f"{key}={value}" for key, value in wanted.environment.items()],
        "Labels": dict(wanted.labels),
        "NetworkDisabled": wanted.network_mode == NO_NETWORK,
        "HostConfig": _host_config(wanted),
    }


def _host_config(wanted: Container) -> dict[str, Any]:
    return {
        "Memory": wanted.memory,
        "MemorySwap": wanted.memory,
        "NanoCpus": int(wanted.cpus * 1e9),
        "PidsLimit": PIDS_OF_MANY if wanted.serves_many else PIDS,
        "Init": wanted.is_long_lived,
        "OomScoreAdj": 500,
        "Ulimits": [
            {"Name": "nofile", "Soft": OPEN_FILES, "Hard": OPEN_FILES},
            {"Name": "core", "Soft": 0, "Hard": 0},
        ],
        "ReadonlyRootfs": True,
        "Tmpfs": {TMP: f"rw,nosuid,nodev,size={TMP_BYTES}"},
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "NetworkMode": wanted.network_mode,
        "Binds": [f"{wanted.channel_folder}:{CHANNEL_FOLDER}"] if wanted.channel_folder else [],
        "RestartPolicy": {"Name": "no"},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": CONTAINER_LOG, "max-file": "1"}},
        "Privileged": False,
    }


def network_holder(image: str, labels: Mapping[str, str], lifetime_s: int) -> dict[str, Any]:
    """The `containers/create` body of a container that only sleeps on our bridge, and removes itself at its end."""
    wanted = Container(image, {}, labels, HOLDER_MEMORY, cpus=0, network_mode=NETWORK, channel_folder=None)
    config = container(wanted)
    return {
        **config,
        "WorkingDir": "/",
        "Entrypoint": ["sleep", str(lifetime_s)],
        "HostConfig": {**config["HostConfig"], "AutoRemove": True},
    }


def network(labels: Mapping[str, str]) -> dict[str, Any]:
    """docker-py's arguments for our bridge: no traffic between containers, an interface that a firewall can name."""
    return {
        "name": NETWORK,
        "driver": "bridge",
        "check_duplicate": True,
        "options": {
            "com.docker.network.bridge.name": NETWORK,
            "com.docker.network.bridge.enable_icc": "false",
        },
        "labels": dict(labels),
    }


def build(memory: int) -> dict[str, Any]:
    """docker-py's arguments that bound a build: no leftovers of its steps, our bridge, memory in bytes."""
    return {
        "rm": True,
        "forcerm": True,
        "network_mode": NETWORK,  # an installer is a stranger's code, too
        "container_limits": {"memory": memory, "memswap": memory},
    }
