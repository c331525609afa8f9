"""The Python runtime as the worker sees it: plain data, and a template that can be filled in."""

from __future__ import annotations

from string import Template

import pytest

from runtimes.python import version


def test_a_version_is_named_and_based_on_the_image_of_its_number():
    runtime = version("python3.12")
    assert (runtime.name, runtime.base_image) == ("python3.12", "python:3.12-slim")
    assert (runtime.handler, runtime.manifest, runtime.channel) == ("main.lambda_handler", "requirements.txt", "unix")


def test_another_language_is_refused():
    with pytest.raises(ValueError, match=r"'node12' is no name such as python3\.7"):
        version("node12")


def test_the_template_is_complete_once_filled_in():
    runtime = version("python3.7")
    lines = Template(runtime.template.read_text()).substitute(base_image="base:1", labels='a="b"').splitlines()
    steps = [line for line in lines if not line.startswith("#")]
    assert steps[:2] == ["FROM base:1", 'LABEL a="b"']
    assert "USER 65532:65532" in steps
    assert 'export PIP_CERT="$PWD/ca.pem"' in " ".join(steps)


def test_every_build_variable_is_declared_in_the_template():
    runtime = version("python3.7")
    declared = [
        line.removeprefix("ARG ") for line in runtime.template.read_text().splitlines() if line.startswith("ARG ")
    ]
    assert tuple(declared) == runtime.build_variables
