"""What only Java has: signatures, objects as results, jars, a compiler that may refuse."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from runtimes import registry
from tests.contract.conftest import deployed, unlimited, value_of
from tests.contract.package import function_name, runtimes_of
from tests.contract.records import image

if TYPE_CHECKING:
    from tests.worker import Worker

JAVA = runtimes_of("java")
LIBRARY = "package shop; public class Prices { public static int of(String fruit) { return fruit.length() * 3; } }"
WITH_LIBRARY = """package main;
public class Main {
    public static Object lambda_handler() { return shop.Prices.of("pear"); }
}
"""
WITH_MISTAKE = """package main;
public class Main {
    public static Object lambda_handler() { return undeclared; }
}
"""

pytestmark = pytest.mark.parametrize("runtime", JAVA)


def test_a_handler_may_take_no_arguments(worker: Worker, runtime: str) -> None:
    function = deployed(worker, "NoArguments", runtime, handler="main.NoArguments.lambda_handler")
    assert value_of(function.send({"word": "pear"})) == "no arguments"


def test_a_handler_may_take_the_event_alone(worker: Worker, runtime: str) -> None:
    function = deployed(worker, "EventOnly", runtime, handler="main.EventOnly.lambda_handler")
    assert value_of(function.send({"word": "pear"})) == "pear"


def test_fields_getters_and_our_response_become_results(worker: Worker, runtime: str) -> None:
    function = unlimited(worker, runtime)
    assert function.value("bean") == {"name": "Conference", "grams": 3}
    assert function.call("response").json["Result"] == {"statusCode": 201, "body": "made"}


def test_jars_in_lib_are_on_the_class_path(worker: Worker, runtime: str) -> None:
    name = function_name("Jar", runtime)
    worker.deploy(name, {"config.json": _config(runtime), "main/Main.java": WITH_LIBRARY, "lib/shop.jar": _jar()})
    assert value_of(worker.execute(name)) == 12


def test_a_mistake_is_told_in_the_compilers_words(worker: Worker, runtime: str) -> None:
    name = function_name("Mistake", runtime)
    worker.deploy(name, {"config.json": _config(runtime), "main/Main.java": WITH_MISTAKE})
    reply = worker.execute(name)
    assert (reply.status, reply.json["Code"]) == (502, "build_failed")
    assert "main/Main.java:3: error: cannot find symbol" in reply.json["Message"]
    assert "undeclared" in reply.json["Message"]
    assert image(worker, name)["state"] == "FAILED"


def _config(runtime: str) -> str:
    return json.dumps({"environment": runtime})


def _jar() -> bytes:
    """Compiled by the oldest JDK that we have, so that it fits them all."""
    script = f"cd /tmp; printf %s {shlex.quote(LIBRARY)} >Prices.java; javac Prices.java; cat Prices.class"
    command = ["docker", "run", "--rm", "--network", "none", registry.get("java8").base_image, "sh", "-ec", script]
    compiled = subprocess.run(command, capture_output=True, check=True).stdout
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("shop/Prices.class", compiled)
    return buffer.getvalue()
