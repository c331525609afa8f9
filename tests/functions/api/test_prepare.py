"""`/prepare`: every function that the storage lists is built, and each name has its own report."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from functions.models import Function
from functions.sources.listing import NAMES_MAX
from tests.functions.build.packages import PYTHON, package
from tests.functions.models import rows

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled", "platform")


def listed(folder: Path, content: str | bytes) -> None:
    (folder / "lists.txt").write_bytes(content if isinstance(content, bytes) else content.encode())


def prepared(client: Client, method: str = "post") -> dict[str, dict[str, Any]]:
    response = getattr(client, method)("/prepare")
    assert response.status_code == 200, response.json()
    body = response.json()
    done = sum(1 for report in body["Functions"].values() if report["Prepared"])
    assert body["Message"] == f"{done} of {len(body['Functions'])} functions prepared"
    reports: dict[str, dict[str, Any]] = body["Functions"]
    return reports


def versions() -> dict[str, str]:
    return dict(Function.objects.values_list("name", "version"))


def test_all_of_a_storage_without_a_list(client: Client, source_folder: Path, fake_engine: FakeEngine) -> None:
    package(source_folder, "W1")
    package(source_folder, "W2", {**PYTHON, "more.txt": ""})
    first = prepared(client, "get")
    assert first == {
        name: {"Prepared": True, "ImageBuilt": True, "Version": version} for name, version in versions().items()
    }
    assert list(first) == ["W1", "W2"]
    assert {name: report["ImageBuilt"] for name, report in prepared(client).items()} == {"W1": False, "W2": False}
    assert fake_engine.history.count("build") == 2
    assert client.get("/execute?name=W1").json()["Meta"]["ImageBuilt"] is False


def test_an_empty_storage_and_an_empty_list(client: Client, source_folder: Path) -> None:
    assert prepared(client) == {}
    package(source_folder, "W1")
    listed(source_folder, " \n# W1\n\n")
    assert prepared(client) == {}


def test_the_list_has_names_zips_comments_and_white_space(client: Client, source_folder: Path) -> None:
    for name in ("W1", "W2", "W3", "W4"):
        package(source_folder, name)
    listed(source_folder, "\ufeffW2.zip\tW1 # and not W3\r\n#W3\n  w1\n\nW2#W3\n")
    reports = prepared(client)
    assert list(reports) == ["W2", "W1"]
    assert all(report["Prepared"] for report in reports.values())


def test_each_name_that_cannot_be_prepared_has_its_reason(
    client: Client, source_folder: Path, fake_engine: FakeEngine
) -> None:
    package(source_folder, "Good")
    package(source_folder, "NoConfig", {"main.py": ""})
    rows.function("Off", enabled=False)
    long = "x" * 200
    listed(source_folder, f"Good Missing 1st a/b ../../etc/passwd Off NoConfig Ünï <html> {long}")
    reports = prepared(client)
    assert {name[:20]: report.get("Code") for name, report in reports.items()} == {
        "Good": None,
        "Missing": "function_not_found",
        "1st": "invalid_name",
        "a/b": "invalid_name",
        "../../etc/passwd": "invalid_name",
        "Off": "function_not_found",
        "NoConfig": "source_invalid",
        "Ünï": "invalid_name",
        "<html>": "invalid_name",
        "x" * 20: "invalid_name",
    }
    assert all(report["Message"] for report in reports.values() if not report["Prepared"])


def test_a_fault_of_the_worker_is_told_of_the_one_name(
    client: Client, source_folder: Path, fake_engine: FakeEngine
) -> None:
    for name in ("Bad", "Good"):
        package(source_folder, name)
    fake_engine.failing["build"] = [ZeroDivisionError()]
    reports = prepared(client)
    assert sorted(report.get("Code", "") for report in reports.values()) == ["", "internal"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"W1\n\xff\xfe\x00", "byte 3"),
        (b"W1\0", "zero byte"),
        (b"PK\x03\x04\x80", "UTF-8"),
        (b"a" * ((1 << 20) + 1), "larger than 1 MiB"),
        (
            "\n".join(f"W{number}" for number in range(10_000)),
            f"10000 functions; lists.txt may name at most {NAMES_MAX}",
        ),
    ],
)
def test_a_list_that_is_none_is_told(client: Client, source_folder: Path, content: str | bytes, words: str) -> None:
    listed(source_folder, content)
    response = client.get("/prepare")
    assert (response.status_code, response.json()["Code"]) == (502, "source_invalid")
    assert "lists.txt" in response.json()["Message"]
    assert words in response.json()["Message"]
    assert not Function.objects.exists()


def test_ten_thousand_times_the_same_name_are_one(client: Client, source_folder: Path) -> None:
    package(source_folder, "W1")
    listed(source_folder, "W1 w1.zip\n" * 5000)
    assert list(prepared(client)) == ["W1"]


def test_a_storage_that_is_gone_is_told(client: Client, source_folder: Path) -> None:
    source_folder.rmdir()
    try:
        response = client.get("/prepare")
    finally:
        source_folder.mkdir()
    assert (response.status_code, response.json()["Code"]) == (503, "storage_unavailable")


@pytest.mark.parametrize("query", ["name=W1", "lb=1", "reset_images=true"])
def test_it_has_no_parameters(client: Client, source_folder: Path, query: str) -> None:
    package(source_folder, "W1")
    response = client.get(f"/prepare?{query}")
    assert (response.status_code, response.json()["Code"]) == (400, "invalid_option")
    assert query.partition("=")[0] in response.json()["Message"]
    assert not Function.objects.exists()


def test_at_most_two_are_built_at_once(client: Client, source_folder: Path, fake_engine: FakeEngine) -> None:
    for number in range(6):
        package(source_folder, f"W{number}", {**PYTHON, "number": str(number)})
    pairs, at_work, most = threading.Barrier(2), set[int](), [0]

    def build() -> None:
        at_work.add(threading.get_ident())
        most[0] = max(most[0], len(at_work))
        pairs.wait(20)
        at_work.discard(threading.get_ident())

    fake_engine.before_build = build
    assert all(report["Prepared"] for report in prepared(client).values())
    assert most == [2]


def test_a_changed_package_is_built_anew(client: Client, source_folder: Path) -> None:
    package(source_folder, "W1")
    before = prepared(client)["W1"]["Version"]
    package(source_folder, "W1", {**PYTHON, "more.txt": ""})
    again = prepared(client)["W1"]
    assert again["ImageBuilt"] is True
    assert again["Version"] != before


def test_a_failed_build_is_tried_again_at_once(client: Client, source_folder: Path, fake_engine: FakeEngine) -> None:
    package(source_folder, "W1")
    said, fake_engine.said = fake_engine.said, [{"error": "no"}]
    assert prepared(client)["W1"]["Code"] == "build_failed"
    fake_engine.said = said
    assert prepared(client)["W1"]["Prepared"] is True


def test_the_command_does_the_same(source_folder: Path) -> None:
    package(source_folder, "W1")
    listed(source_folder, "W1")
    said = io.StringIO()
    call_command("prepare", stdout=said)
    assert said.getvalue() == f"W1: built, version {versions()['W1']}\n"
    listed(source_folder, "W1 W2")
    with pytest.raises(CommandError, match=r"\Anot prepared: W2\Z"):
        call_command("prepare", stdout=said)
    assert "W1: was ready" in said.getvalue()
    assert "W2: function_not_found" in said.getvalue()
    listed(source_folder, b"\xff")
    with pytest.raises(CommandError, match=r"lists\.txt"):
        call_command("prepare")
