"""Dependencies that a package lists are installed by the language's real installer; network and jars besides."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from runtimes import registry
from tests.contract.conftest import deployed, value_of
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


def test_a_function_without_a_network_answers_where_its_channel_needs_none(worker: Worker, runtime: str) -> None:
    function = deployed(worker, "Offline", runtime, network="none")
    reply = function.call("connect", places=["1.1.1.1:80", "8.8.8.8:53"])
    if registry.get(runtime).channel == "unix":
        assert value_of(reply) == {"1.1.1.1:80": False, "8.8.8.8:53": False}
    else:
        assert (reply.status, reply.json["Code"]) == (502, "source_invalid")
        assert "config.json /network" in reply.json["Message"]
