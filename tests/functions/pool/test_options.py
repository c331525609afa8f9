"""What holds for a call: the function's own fields, else config.json, else the node's defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.pool.options import Options, resolve
from functions.models import Function, Image

if TYPE_CHECKING:
    from pytest_django import Settings

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _node(settings: Settings) -> None:
    settings.WF_FUNCTION_TIMEOUT_SECONDS, settings.WF_FUNCTION_TIMEOUT_MAX_SECONDS = 30, 90
    settings.WF_FUNCTION_MEMORY, settings.WF_FUNCTION_MEMORY_MAX = 256 * MIB, 512 * MIB


def options(config: dict[str, Any] | None = None, **fields: Any) -> Options:
    return resolve(Function(name="W1", **fields), Image(config={"handler": "main.run", **(config or {})}))


def test_the_node_s_defaults() -> None:
    assert options() == Options("main.run", 30, 256 * MIB, {}, network=True)


def test_config_json_over_the_defaults() -> None:
    config = {"timeout": 5, "memory": 64 * MIB, "env": {"A": "1"}, "network": "none"}
    assert options(config) == Options("main.run", 5, 64 * MIB, {"A": "1"}, network=False)


def test_what_config_json_leaves_open_is_a_default() -> None:
    assert options({"timeout": None, "memory": None, "env": {}, "network": None}) == options()


def test_the_function_s_own_fields_over_config_json() -> None:
    config = {"timeout": 5, "memory": 64 * MIB, "env": {"A": "1", "B": "1"}, "network": "none"}
    own = {"handler": "other.run", "timeout": 7, "memory": 32 * MIB, "environment": {"B": "2"}, "network": "egress"}
    assert options(config, **own) == Options("other.run", 7, 32 * MIB, {"A": "1", "B": "2"}, network=True)


@pytest.mark.parametrize("source", ["config", "function"])
def test_the_operator_s_maximum_holds_over_every_wish(source: str) -> None:
    wish = {"timeout": 1000, "memory": 1024 * MIB}
    found = options(wish) if source == "config" else options(**wish)
    assert (found.timeout_s, found.memory) == (90, 512 * MIB)


def test_the_default_is_no_more_than_the_maximum(settings: Settings) -> None:
    settings.WF_FUNCTION_TIMEOUT_SECONDS = 1000
    settings.WF_FUNCTION_MEMORY = 1024 * MIB
    assert (options().timeout_s, options().memory) == (90, 512 * MIB)


@pytest.mark.parametrize(("network", "is_on"), [("none", False), ("egress", True)])
def test_the_network_is_one_of_two(network: str, is_on: bool) -> None:
    assert options(network=network).network is is_on
