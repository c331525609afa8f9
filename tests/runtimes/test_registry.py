"""The registry of runtimes: entry points, names and aliases, and plugins that are broken."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runtimes import registry
from runtimes.base import Runtime
from runtimes.registry import GROUP, UnknownRuntimeError, collect

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
GOOD = Runtime(
    name="good1", base_image="base:1", template=Path("t"), agent=Path("a"), handler="h.h", aliases=("fine1",)
)

MODULE = """
from pathlib import Path
from runtimes.base import Runtime

def version(name):
    files = {"template": Path("t"), "agent": Path("a")}
    return Runtime(name=name, base_image="b", handler="h.h", aliases=(f"alias-{name}",), **files)

ready = version("ready1")
nothing = 42

def exploding(name):
    raise OSError("no disk")
"""


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path, with a module that distributions made by `install` name."""
    (tmp_path / "wf_test_plugins.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("wf_test_plugins", None)


def install(folder: Path, name: str, **points: str) -> Distribution:
    """A distribution as pip would leave it, with these entry points."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f'"{key}" = {value}' if "." in key else f"{key} = {value}" for key, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines]) + "\n")
    return next(found for found in distributions(path=[str(folder)]) if found.name == name)


def points(*found: Distribution) -> list[EntryPoint]:
    return [point for distribution in found for point in distribution.entry_points if point.group == GROUP]


def test_ours_come_through_the_door_that_others_use() -> None:
    assert {"python3.7", "python3.12", "node12", "node20"} <= set(registry.names())
    assert registry.get("python3.7").base_image == "python:3.7-slim"
    assert registry.names() == sorted(registry.names())


def test_the_original_s_name_of_a_runtime_is_an_alias() -> None:
    assert registry.get("nodejs12") is registry.get("node12")
    assert "nodejs12" not in registry.names()


@pytest.mark.parametrize("name", ["cobol85", "", "Python3.7", "python3", "../python3.7"])
def test_an_unknown_name_is_told_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownRuntimeError) as raised:
        registry.get(name)
    assert repr(name) in str(raised.value)
    assert all(known in str(raised.value) for known in registry.names())


def test_an_entry_point_is_a_runtime_or_makes_one_of_its_own_name(plugins: Path) -> None:
    made = install(plugins, "good-plugin", ready1="wf_test_plugins:ready", made9="wf_test_plugins:version")
    found = collect(points(made))
    assert set(found.by_name) == {"ready1", "alias-ready1", "made9", "alias-made9"}
    assert found.by_name["alias-made9"].name == "made9"
    assert found.problems == {}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("wf_no_such_module:version", "ModuleNotFoundError"),
        ("wf_test_plugins:missing", "AttributeError"),
        ("wf_test_plugins:exploding", "OSError: no disk"),
        ("wf_test_plugins:nothing", "TypeError: gives a int, not a Runtime"),
    ],
)
def test_a_broken_plugin_names_itself_and_the_others_work(plugins: Path, value: str, why: str) -> None:
    broken = install(plugins, "half-baked", broken1=value)
    good = install(plugins, "good-plugin", made9="wf_test_plugins:version")
    for order in (points(broken, good), points(good, broken)):
        found = collect(order)
        assert set(found.by_name) == {"made9", "alias-made9"}
        assert set(found.problems) == {"broken1"}
        assert f"'broken1' of half-baked ({value}) does not load: {why}" in found.problems["broken1"]


@pytest.mark.parametrize("claimed", ["made9", "alias-made9"])
def test_a_name_that_two_claim_is_served_by_neither(plugins: Path, claimed: str) -> None:
    first = install(plugins, "plugin-one", made9="wf_test_plugins:version")
    second = install(plugins, "plugin-two", **{claimed: "wf_test_plugins:version"})
    found = collect(points(first, second))
    assert claimed not in found.by_name
    assert "plugin-one" in found.problems[claimed]
    assert "plugin-two" in found.problems[claimed]


def test_asking_for_a_broken_runtime_says_what_is_wrong_with_it(plugins: Path) -> None:
    install(plugins, "half-baked", broken1="wf_no_such_module:version")
    code = "from runtimes import registry; registry.get('python3.7'); print(registry.names()); registry.get('broken1')"
    asked = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "/usr/bin", "PYTHONPATH": str(plugins)},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert "python3.7" in asked.stdout
    assert "broken1" not in asked.stdout
    assert "half-baked" in asked.stderr.splitlines()[-1]


def test_one_runtime_may_repeat_its_own_name_as_an_alias() -> None:
    class Point:
        name, value, dist = "good1", "here", None

        def load(self) -> Runtime:
            return replace(GOOD, aliases=("good1", "good1"))

    assert set(collect([Point()]).by_name) == {"good1"}  # type: ignore[list-item]


def test_override_registers_exactly_these_and_then_the_former_ones_again() -> None:
    before = registry.names()
    with registry.override(GOOD):
        assert registry.names() == ["good1"]
        assert registry.get("fine1") is GOOD
        with pytest.raises(UnknownRuntimeError):
            registry.get("python3.7")
        with registry.override():
            assert registry.names() == []
        assert registry.names() == ["good1"]
    assert registry.names() == before


def test_an_error_inside_of_an_override_ends_it() -> None:
    with pytest.raises(ZeroDivisionError), registry.override(GOOD):
        raise ZeroDivisionError
    assert "good1" not in registry.names()


def test_the_base_images_are_listed_for_scripts() -> None:
    def listed(*names: str) -> list[str]:
        command = [sys.executable, "-m", "runtimes", *names]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout.split()

    assert listed("nodejs12", "python3.7", "node12") == ["node:12-slim", "python:3.7-slim"]
    assert set(listed()) == {registry.get(name).base_image for name in registry.names()}


@pytest.mark.parametrize("name", [point.name for point in points(Distribution.from_name("worker-front"))])
def test_each_of_our_own_entry_points_loads(name: str) -> None:
    runtime = registry.get(name)
    assert runtime.name == name
    assert runtime.template.is_file()
    assert runtime.agent.is_dir()
    assert runtime.channel in ("unix", "tcp")
