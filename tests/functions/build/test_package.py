"""Examining a package: which runtime, which dependencies, which version; and fetching it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.base import ContentFile

from functions.build.package import Package, examine, fetch
from functions.errors import FunctionNotFound, RuntimeUnknown, SourceInvalid
from runtimes import registry
from tests.functions.build.packages import NODE, PYTHON, package
from tests.functions.models import rows

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from functions.sources.folder import FolderSource


def examined(folder: Path, files: dict[str, str], runtime: str = "", **config: Any) -> Package:
    if config:
        files = {**files, "config.json": json.dumps(config)}
    return examine(package(folder, files=files), "W1", runtime)


def test_what_the_package_says(tmp_path: Path) -> None:
    found = examined(tmp_path, {**PYTHON, "data.txt": "x" * 1000}, environment="python3.7", timeout=7, memory="64m")
    assert found.runtime.name == "python3.7"
    assert found.code_size == sum(map(len, PYTHON.values())) - len(PYTHON["config.json"]) + 1000 + len(
        json.dumps({"environment": "python3.7", "timeout": 7, "memory": "64m"})
    )
    config = found.config()
    assert config == {
        "handler": "main.lambda_handler",
        "timeout": 7,
        "memory": 64 << 20,
        "env": {},
        "isolation": None,
        "network": None,
    }


def test_the_row_s_runtime_wins_over_config_json(tmp_path: Path) -> None:
    assert examined(tmp_path, PYTHON, "python3.7").runtime.name == "python3.7"


def test_an_alias_is_the_runtime_itself(tmp_path: Path) -> None:
    assert examined(tmp_path, NODE, environment="nodejs12").runtime.name == "node12"


def test_without_config_json_the_row_s_runtime_is_enough(tmp_path: Path) -> None:
    found = examined(tmp_path, {"main.py": ""}, "python3.12")
    assert found.config()["handler"] == "main.lambda_handler"


def test_without_config_json_and_without_a_runtime_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceInvalid, match=r"no config\.json"):
        examined(tmp_path, {"main.py": ""})


def test_a_config_json_without_environment_needs_the_row_s_runtime(tmp_path: Path) -> None:
    with pytest.raises(SourceInvalid, match="/environment"):
        examined(tmp_path, PYTHON, timeout=3)
    assert examined(tmp_path, PYTHON, "python3.7", timeout=3).config()["timeout"] == 3


def test_an_unknown_runtime_is_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnknown, match=r"'cobol85'.*node12.*python3\.7"):
        examined(tmp_path, PYTHON, environment="cobol85")


def test_no_network_is_refused_for_an_agent_that_needs_one(tmp_path: Path) -> None:
    over_tcp = replace(registry.get("python3.12"), name="overtcp1", channel="tcp")
    with registry.override(over_tcp), pytest.raises(SourceInvalid, match="/network: overtcp1"):
        examined(tmp_path, PYTHON, environment="overtcp1", network="none")
    with registry.override(over_tcp):
        assert examined(tmp_path, PYTHON, environment="overtcp1").runtime == over_tcp
    assert examined(tmp_path, PYTHON, environment="python3.7", network="none").config()["network"] == "none"


def test_the_operator_s_maximum_holds(tmp_path: Path, settings: Settings) -> None:
    settings.WF_FUNCTION_TIMEOUT_MAX_SECONDS = 10
    with pytest.raises(SourceInvalid, match="/timeout"):
        examined(tmp_path, PYTHON, environment="python3.7", timeout=11)
    settings.WF_FUNCTION_MEMORY_MAX = 64 << 20
    with pytest.raises(SourceInvalid, match="/memory"):
        examined(tmp_path, PYTHON, environment="python3.7", memory="65m")


@pytest.mark.parametrize(
    ("files", "dependencies", "installs"),
    [
        ({**PYTHON}, "auto", ()),
        ({**PYTHON, "requirements.txt": ""}, "auto", ("requirements.txt",)),
        ({**PYTHON, "requirements.txt": ""}, "none", ()),
        ({**PYTHON, "requirements.txt": "", "six-1.0.dist-info/METADATA": ""}, "auto", ()),
        ({**PYTHON, "lib/requirements.txt": ""}, "auto", ()),
        ({**PYTHON, "package.json": ""}, "auto", ()),
        ({**NODE, "package.json": "{}"}, "auto", ("package.json",)),
        ({**NODE, "package-lock.json": "{}", "package.json": "{}"}, "auto", ("package.json", "package-lock.json")),
        ({**NODE, "package.json": "{}", "node_modules/a/index.js": ""}, "auto", ()),
        ({**NODE, "package-lock.json": "{}"}, "auto", ()),
    ],
)
def test_dependencies_are_installed_unless_the_package_brings_them(
    tmp_path: Path, files: dict[str, str], dependencies: str, installs: tuple[str, ...]
) -> None:
    environment = json.loads(files["config.json"])["environment"]
    assert examined(tmp_path, files, environment=environment, dependencies=dependencies).installs == installs


def test_equal_bytes_are_the_same_version(tmp_path: Path) -> None:
    first, second = examined(tmp_path, PYTHON), examined(tmp_path, PYTHON)
    assert first.version == second.version
    assert len(first.version) == 16
    assert examined(tmp_path, {**PYTHON, "a": "b"}).version != first.version


@pytest.mark.django_db
def test_the_upload_is_fetched_before_the_storage_is_asked(source: FolderSource, tmp_path: Path) -> None:
    function = rows.function()
    with pytest.raises(FunctionNotFound):
        fetch(function, source, tmp_path)
    stored = package(tmp_path / "packages")
    assert fetch(function, source, tmp_path).path.read_bytes() == stored.read_bytes()
    function.package.save("ignored.zip", ContentFile(b"uploaded"))
    fetched = fetch(function, source, tmp_path)
    assert fetched.path.read_bytes() == b"uploaded"
    assert fetched.etag == function.package.name
    function.package.delete()
