"""Labels: how our containers, images and networks are told from foreign ones. Names are for people only."""

from __future__ import annotations

PREFIX = "workerfront."
INSTANCE, NODE, ROLE, FUNCTION, VERSION, EXECUTION = (
    PREFIX + key for key in ("instance", "node", "role", "function", "version", "execution")
)

HOLDER = "network"  # the role of a network holder

Labels = dict[str, str]


def build_layer(instance: str) -> Labels:
    """On every layer of a build. Nothing about the function: equal layers of two functions are shared."""
    return {INSTANCE: instance, ROLE: "build"}


def image(instance: str, node: str, function: str, version: str) -> Labels:
    """On a function's finished image."""
    return {INSTANCE: instance, NODE: node, ROLE: "function", FUNCTION: function, VERSION: version}


def network(instance: str, node: str) -> Labels:
    """On a network holder."""
    return {INSTANCE: instance, NODE: node, ROLE: HOLDER}


def container(instance: str, node: str, function: str, version: str, execution: str) -> Labels:
    """On the container of one call."""
    return {**image(instance, node, function, version), EXECUTION: execution}


def kept(instance: str, node: str, function: str, version: str, kind: str) -> Labels:
    """On a container that is kept for calls to come; its kind is its role."""
    return {**image(instance, node, function, version), ROLE: kind}
