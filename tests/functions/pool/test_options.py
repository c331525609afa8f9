"""What holds for a call: the function's own fields, else config.json, else the node's defaults."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions.models import Function, Image
from functions.models.function import Isolation
from functions.pool.options import Options, resolve
from runtimes import registry

if TYPE_CHECKING:
    from pytest_django import Settings

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _node(settings: Settings) -> None:
    settings.WF_FUNCTION_TIMEOUT_SECONDS, settings.WF_FUNCTION_TIMEOUT_MAX_SECONDS = 30, 90
    settings.WF_FUNCTION_MEMORY, settings.WF_FUNCTION_MEMORY_MAX = 256 * MIB, 512 * MIB


def image(runtime: str = "python3.12", **config: Any) -> Image:
    return Image(image_id="sha256:aaa", runtime=runtime, config={"handler": "main.run", **config})


def options(config: dict[str, Any] | None = None, *, rest_mode: bool = False, **fields: Any) -> Options:
    return resolve(Function(name="W1", **fields), image(**(config or {})), rest_mode=rest_mode)


def wanted(handler: str, timeout_s: int, memory: int, environment: dict[str, str], *, network: bool) -> Options:
    return Options(handler, timeout_s, memory, environment, network, Isolation.CONTAINER)


def test_the_node_s_defaults() -> None:
    assert options() == wanted("main.run", 30, 256 * MIB, {}, network=True)


def test_config_json_over_the_defaults() -> None:
    config = {"timeout": 5, "memory": 64 * MIB, "env": {"A": "1"}, "network": "none"}
    assert options(config) == wanted("main.run", 5, 64 * MIB, {"A": "1"}, network=False)


def test_what_config_json_leaves_open_is_a_default() -> None:
    assert options({"timeout": None, "memory": None, "env": {}, "network": None}) == options()


def test_the_function_s_own_fields_over_config_json() -> None:
    config = {"timeout": 5, "memory": 64 * MIB, "env": {"A": "1", "B": "1"}, "network": "none"}
    own = {"handler": "other.run", "timeout": 7, "memory": 32 * MIB, "environment": {"B": "2"}, "network": "egress"}
    assert options(config, **own) == wanted("other.run", 7, 32 * MIB, {"A": "1", "B": "2"}, network=True)


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


@pytest.mark.parametrize("rest_mode", [False, True])
@pytest.mark.parametrize("level", Isolation)
def test_a_chosen_isolation_holds_whatever_the_node_s_mode(level: Isolation, rest_mode: bool) -> None:
    assert options(isolation=level, rest_mode=rest_mode).isolation == level
    assert options({"isolation": level.value}, rest_mode=rest_mode).isolation == level
    assert options({"isolation": "shared"}, isolation=level, rest_mode=rest_mode).isolation == level


@pytest.mark.parametrize(("rest_mode", "level"), [(False, Isolation.CONTAINER), (True, Isolation.PROCESS)])
@pytest.mark.parametrize("config", [{}, {"isolation": None}])
def test_the_node_s_mode_decides_for_the_others(config: dict[str, Any], rest_mode: bool, level: Isolation) -> None:
    assert options(config, rest_mode=rest_mode).isolation == level


def test_a_runtime_that_knows_no_processes_stays_with_containers_in_rest_mode() -> None:
    plain = replace(registry.get("python3.12"), name="plain", aliases=(), modes=("container",))
    with registry.override(plain):
        assert resolve(Function(), image("plain"), rest_mode=True).isolation == Isolation.CONTAINER


def test_equal_options_have_equal_fingerprints_whatever_the_order_and_the_timeout() -> None:
    one, two = options(environment={"A": "1", "B": "2"}), options(environment={"B": "2", "A": "1"}, timeout=3)
    assert one.fingerprint(image()) == two.fingerprint(image())


@pytest.mark.parametrize(
    "changed",
    [
        {"handler": "other.run"},
        {"memory": 32 * MIB},
        {"environment": {"A": "1"}},
        {"network": "none"},
        {"isolation": "process"},
    ],
)
def test_what_a_container_is_started_with_changes_the_fingerprint(changed: dict[str, Any]) -> None:
    assert options(**changed).fingerprint(image()) != options().fingerprint(image())


@pytest.mark.parametrize("setting", ["WF_FUNCTION_CPUS", "WF_CONTAINER_CONCURRENCY"])
def test_another_image_and_another_setting_of_the_node_change_the_fingerprint(settings: Settings, setting: str) -> None:
    first = options().fingerprint(image())
    assert options().fingerprint(Image(image_id="sha256:bbb")) != first
    setattr(settings, setting, 7)
    assert options().fingerprint(image()) != first
