"""Dependencies that a package lists are installed by the language's real installer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.contract.conftest import value_of
from tests.contract.package import function_name, runtimes_of

if TYPE_CHECKING:
    from tests.worker import Worker

PYTHON = """
import colorama
def lambda_handler(event, context):
    return colorama.__version__
"""
NODE = """
const ms = require('ms');
exports.handle = () => ms(2000);
"""
NPM = {"name": "w", "version": "1.0.0", "dependencies": {"ms": "2.1.2"}}


@pytest.mark.parametrize("runtime", runtimes_of("python"))
def test_pip_installs_what_requirements_txt_lists(worker: Worker, runtime: str) -> None:
    name = function_name("Pip", runtime)
    files = {"main.py": PYTHON, "requirements.txt": "colorama==0.4.6\n"}
    worker.deploy(name, {"config.json": json.dumps({"environment": runtime}), **files})
    assert value_of(worker.execute(name)) == "0.4.6"


@pytest.mark.parametrize("runtime", runtimes_of("node"))
def test_npm_installs_what_package_json_lists(worker: Worker, runtime: str) -> None:
    name = function_name("Npm", runtime)
    files = {"index.js": NODE, "package.json": json.dumps(NPM)}
    worker.deploy(name, {"config.json": json.dumps({"environment": runtime}), **files})
    assert value_of(worker.execute(name)) == "2s"
