from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from functions.errors import SourceInvalid
from functions.sources import archive, manifest
from functions.sources.limits import MIB, ManifestLimits
from functions.sources.manifest import Manifest
from tests.functions.sources.zips import SMALL, written, zipped

if TYPE_CHECKING:
    from pathlib import Path


def refusal(data: bytes | str, limits: ManifestLimits | None = None) -> str:
    with pytest.raises(SourceInvalid) as caught:
        manifest.parse(data.encode() if isinstance(data, str) else data, limits or ManifestLimits())
    return caught.value.message


def test_the_runtime_alone_is_enough() -> None:
    assert manifest.parse(b'{"environment": "python3.7"}') == Manifest(environment="python3.7")


def test_an_empty_object_asks_for_nothing() -> None:
    assert manifest.parse(b"{}") == Manifest(None, None, None, None, {}, None, None, "auto")


def test_everything_that_can_be_said_is_read() -> None:
    said = {
        "environment": "node20",
        "handler": "src/app.handle",
        "timeout": 900,
        "memory": "512m",
        "env": {"STAGE": "test", "_x9": ""},
        "isolation": "process",
        "network": "none",
        "dependencies": "none",
    }
    assert manifest.parse(json.dumps(said).encode()) == Manifest(**{**said, "memory": 512 * MIB})  # type: ignore[arg-type]


def test_a_byte_order_mark_is_no_harm() -> None:
    assert manifest.parse(b'\xef\xbb\xbf{"timeout": 3}').timeout == 3


@pytest.mark.parametrize(
    ("text", "size"),
    [("256m", 256 * MIB), ("1g", 1024 * MIB), ("1G", 1024 * MIB), ("16384k", 16 * MIB), (16 * MIB, 16 * MIB)],
)
def test_memory_is_a_size_or_bytes(text: str | int, size: int) -> None:
    assert manifest.parse(json.dumps({"memory": text}).encode()).memory == size


@pytest.mark.parametrize(
    "handler", ["main.lambda_handler", "index.handle", "main/Main.lambda_handler", "a.b.c._x", "./a-b.$f", "a.b"]
)
def test_a_handler_is_a_module_and_a_function(handler: str) -> None:
    assert manifest.parse(json.dumps({"handler": handler}).encode()).handler == handler


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "is not JSON", id="empty"),
        pytest.param(b"{", "is not JSON", id="cut"),
        pytest.param(b"{'a': 1}", "is not JSON", id="python"),
        pytest.param(b'{"timeout": NaN}', "NaN is no JSON number", id="nan"),
        pytest.param(b'{"timeout": -Infinity}', "-Infinity is no JSON number", id="infinity"),
        pytest.param(b'{"timeout": ' + b"9" * 5000 + b"}", "is not JSON", id="huge-number"),
        pytest.param(b'{"a": ' + b"[" * 60_000, "nested too deeply", id="deep"),
        pytest.param('{"environment": "python3.7"}'.encode("utf-16"), "not UTF-8", id="utf-16"),
        pytest.param(b"[]", "must be an object, not a list", id="list"),
        pytest.param(b"null", "must be an object, not null", id="null"),
        pytest.param(b'"x"', 'must be an object, not "x"', id="string"),
        pytest.param(b" " * 65537, "larger than 65536 bytes", id="large"),
    ],
)
def test_what_is_no_json_object_is_refused(data: bytes, reason: str) -> None:
    message = refusal(data)
    assert message.startswith("config.json: ")
    assert reason in message


@pytest.mark.parametrize(
    ("text", "pointer", "reason"),
    [
        pytest.param('{"timeout": 1, "timeout": 2}', "/timeout", "twice", id="top"),
        pytest.param('{"env": {"A": "1", "A": "1"}}', "/env/A", "twice", id="env"),
        pytest.param('{"timout": 1}', "/timout", "did you mean 'timeout'?", id="near"),
        pytest.param('{"Memory": "1g"}', "/Memory", "did you mean 'memory'?", id="case"),
        pytest.param('{"qqq": 1}', "/qqq", "known: environment, handler,", id="far"),
        pytest.param('{"a/b~c": 1}', "/a~1b~0c", "unknown key", id="escaped"),
        pytest.param('{"a\\nb": 1}', "/a\\nb", "unknown key", id="control"),
        pytest.param('{"": 1}', "/", "unknown key", id="empty"),
    ],
)
def test_a_key_that_is_unknown_or_comes_twice_is_refused(text: str, pointer: str, reason: str) -> None:
    message = refusal(text)
    assert message.startswith(f"config.json {pointer}: ")
    assert reason in message


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        pytest.param("/environment", value, id=f"environment-{name}")
        for name, value in {"null": None, "number": 3.7, "path": "../x", "slash": "a/b", "empty": ""}.items()
    ]
    + [
        pytest.param("/handler", value, id=f"handler-{name}")
        for name, value in {
            "null": None,
            "no-function": "main",
            "parent": "../main.f",
            "absolute": "/etc/x.f",
            "option": "-c.f",
            "call": "main.f()",
            "space": "main .f",
            "letter": "main.\u00e9",
            "digits": "main.9",
            "newline": "main.f\n",
            "long": "m" * 255 + ".f",
        }.items()
    ]
    + [
        pytest.param("/timeout", value, id=f"timeout-{name}")
        for name, value in {
            "null": None,
            "zero": 0,
            "negative": -1,
            "above": 901,
            "true": True,
            "float": 1.0,
            "text": "3",
            "list": [3],
        }.items()
    ]
    + [
        pytest.param("/memory", value, id=f"memory-{name}")
        for name, value in {
            "null": None,
            "megabytes": 256,
            "small": "15m",
            "no-unit": "268435456",
            "unit": "256mb",
            "float": 2.5e8,
            "true": True,
            "negative": "-1g",
            "digits": "\u0663\u0662m",
        }.items()
    ]
    + [
        pytest.param("/isolation", "Container", id="isolation-case"),
        pytest.param("/isolation", True, id="isolation-true"),
        pytest.param("/network", "host", id="network-host"),
        pytest.param("/dependencies", ["auto"], id="dependencies-list"),
        pytest.param("/env", ["A=1"], id="env-list"),
        pytest.param("/env", None, id="env-null"),
    ],
)
def test_a_bad_value_is_refused(pointer: str, value: object) -> None:
    message = refusal(json.dumps({pointer[1:]: value}))
    assert message.startswith(f"config.json {pointer}: must be ")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        pytest.param("1A", "x", "no name for a variable", id="digit"),
        pytest.param("A-B", "x", "no name for a variable", id="dash"),
        pytest.param("", "x", "no name for a variable", id="empty"),
        pytest.param("\u00c9", "x", "no name for a variable", id="letter"),
        pytest.param("WF_TOKEN", "x", "worker's own", id="reserved"),
        pytest.param("LD_PRELOAD", "/function/x.so", "before the agent", id="loader"),
        pytest.param("NODE_OPTIONS", "--require /function/x.js", "before the agent", id="node"),
        pytest.param("JAVA_TOOL_OPTIONS", "-javaagent:x.jar", "before the agent", id="java"),
        pytest.param("A", 1, "must be a string, not 1", id="number"),
        pytest.param("A", None, "must be a string, not null", id="null"),
        pytest.param("A", "x\0y", "no variable can hold", id="nul"),
        pytest.param("A", "\ud800", "no variable can hold", id="surrogate"),
    ],
)
def test_a_bad_variable_is_refused(name: str, value: object, reason: str) -> None:
    message = refusal(json.dumps({"env": {name: value}}))
    assert message.startswith("config.json /env/")
    assert reason in message


def test_variables_are_at_most_32_kib_together() -> None:
    fits = {"A": "x" * 16383, "B": "y" * 16383}
    assert manifest.parse(json.dumps({"env": fits}).encode()).env == fits
    assert "config.json /env: is larger than 32768 bytes" in refusal(json.dumps({"env": {**fits, "C": ""}}))


def test_the_operators_maxima_hold() -> None:
    limits = ManifestLimits(timeout_s=10, memory=64 * MIB)
    assert manifest.parse(b'{"timeout": 10, "memory": "64m"}', limits).timeout == 10
    assert "from 1 to 10, not 11" in refusal('{"timeout": 11}', limits)
    assert 'at most 64 MiB on this worker, not "65m"' in refusal('{"memory": "65m"}', limits)


def test_the_manifest_of_a_package_is_loaded(tmp_path: Path) -> None:
    with archive.read(written(tmp_path, SMALL), "W1") as package:
        assert manifest.load(package).environment == "python3.7"


def test_a_package_without_a_manifest_is_refused(tmp_path: Path) -> None:
    data = zipped(("W2/config.json", b"{}"))
    with archive.read(written(tmp_path, data), "W1") as package, pytest.raises(SourceInvalid, match="has no config"):
        manifest.load(package)


def test_a_manifest_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    data = zipped(("config.json", b" " * 70_000))
    with archive.read(written(tmp_path, data), "W1") as package, pytest.raises(SourceInvalid, match="than 65536 bytes"):
        manifest.load(package)
