"""The Dockerfile of a runtime, and the operator's variables that its build sees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions.build import recipe
from functions.engine import labels
from functions.errors import BuildFailed, RuntimeUnknown
from runtimes import registry

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import Settings

    from runtimes.base import Runtime

LABELS = labels.build_layer("abc123")


def python() -> Runtime:
    return registry.get("python3.12")


@pytest.mark.parametrize("name", ["python3.7", "python3.12", "node12", "node20"])
def test_a_dockerfile_of_ours_is_labelled_first_and_ends_as_nobody(name: str) -> None:
    text = recipe.dockerfile(registry.get(name), LABELS)
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines[0] == f"FROM {registry.get(name).base_image}"
    assert lines[1] == 'LABEL workerfront.instance="abc123" workerfront.role="build"'
    assert [line for line in lines if line.startswith("USER")][-1] == "USER 65532:65532"
    assert [line for line in lines if line.startswith("ENTRYPOINT")]


def test_a_template_may_use_any_base(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("FROM $base_image\nLABEL $labels\nRUN echo $$HOME\n")
    runtime = replace(python(), template=tmp_path / "t", base_image="registry:5000/x:1")
    assert recipe.dockerfile(runtime, {"a": "b", "c": "d"}).splitlines() == [
        "FROM registry:5000/x:1",
        'LABEL a="b" c="d"',
        "RUN echo $HOME",
    ]


@pytest.mark.parametrize("template", ["FROM $base\n", "FROM $base_image\nRUN echo $(date)\n", None])
def test_a_broken_template_is_a_failed_build_that_names_the_runtime(tmp_path: Path, template: str | None) -> None:
    if template is not None:
        (tmp_path / "t").write_text(template)
    with pytest.raises(BuildFailed, match=r"python3\.12"):
        recipe.dockerfile(replace(python(), template=tmp_path / "t"), LABELS)


def test_an_unknown_runtime_is_an_error_of_ours() -> None:
    with pytest.raises(RuntimeUnknown, match=r"'fortran'.*known: .*node12"):
        recipe.runtime("fortran")


def test_a_build_sees_the_variables_that_its_runtime_names_and_no_others(settings: Settings) -> None:
    settings.WF_BUILD_VARIABLES = {
        "PIP_INDEX_URL": "https://pypi.example/simple",
        "PIP_EXTRA_INDEX_URL": "",
        "npm_config_registry": "https://npm.example",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    assert recipe.build_arguments(python()) == {"PIP_INDEX_URL": "https://pypi.example/simple"}
    assert recipe.build_arguments(registry.get("node12")) == {"npm_config_registry": "https://npm.example"}
