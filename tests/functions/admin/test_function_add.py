"""Adding a function: by upload or by its name in the storage, and what is refused leaves nothing behind."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile

from functions.models import Function
from runtimes import registry
from tests.functions.admin.conftest import FUNCTIONS, form
from tests.functions.build.packages import PYTHON, package
from tests.functions.sources import zips

if TYPE_CHECKING:
    from pathlib import Path

    from django.http import HttpResponse
    from django.test import Client

    from functions.build.platform import Platform

pytestmark = pytest.mark.django_db


def uploads() -> list[Path]:
    return list((django_settings.WF_HOME / "uploads").iterdir())


@pytest.fixture(autouse=True)
def _no_leftovers() -> Any:
    yield
    for path in uploads():
        path.unlink()


def upload(browser: Client, data: bytes, file_name: str = "W1.zip", **fields: object) -> HttpResponse:
    return browser.post(f"{FUNCTIONS}add/", form(package=SimpleUploadedFile(file_name, data), **fields))


def errors(response: HttpResponse) -> dict[str, list[str]]:
    assert response.status_code == 200
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def test_a_good_zip_is_kept_under_a_name_of_ours(browser: Client, tmp_path: Path) -> None:
    data = package(tmp_path).read_bytes()
    assert upload(browser, data, "../../my package.zip").status_code == 302
    function = Function.objects.get()
    (kept,) = uploads()
    assert kept.read_bytes() == data
    assert function.package.name == kept.name
    assert "my" not in kept.name
    assert (function.name, function.enabled, function.version) == ("W1", True, "")


def test_a_large_zip_that_goes_over_the_disk(browser: Client) -> None:
    large = zips.entry("data.bin", method=0)
    data = zips.zipped(("config.json", PYTHON["config.json"].encode()), (large, b"x" * (4 << 20)))
    assert upload(browser, data).status_code == 302
    assert uploads()[0].stat().st_size == len(data)


def test_a_name_is_enough_when_the_package_lies_in_the_storage(browser: Client) -> None:
    assert browser.post(f"{FUNCTIONS}add/", form(name="Stored")).status_code == 302
    function = Function.objects.get()
    assert (function.name, bool(function.package)) == ("Stored", False)
    assert uploads() == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"no zip", "is not a zip file"),
        (zips.zipped(("../evil.py", b"x")), "leads out of its folder"),
        (zips.zipped(("/etc/passwd", b"x")), "absolute path"),
        (zips.zipped((zips.entry("link", mode=0o120777), b"/etc/passwd")), "is a link"),
        (zips.zipped(("main.py", b"")), "config.json"),
        (zips.zipped(("config.json", b"{")), "not JSON"),
        (zips.zipped(("config.json", b'{"environment": "python3.12", "tiemout": 3}')), "/tiemout"),
        (zips.zipped(("config.json", b'{"environment": "cobol85"}')), "cobol85"),
    ],
)
def test_a_bad_zip_is_a_form_error_and_nothing_is_kept(browser: Client, data: bytes, said: str) -> None:
    found = errors(upload(browser, data))
    assert set(found) == {"package"}
    assert said in found["package"][0]
    assert not Function.objects.exists()
    assert uploads() == []


def test_a_bad_field_beside_a_good_zip_keeps_nothing(browser: Client, tmp_path: Path) -> None:
    found = errors(upload(browser, package(tmp_path).read_bytes(), name="not a name"))
    assert set(found) == {"name"}
    assert not Function.objects.exists()
    assert uploads() == []


@pytest.mark.parametrize("name", ["W1", "w1"])
def test_a_name_that_is_taken(browser: Client, tmp_path: Path, name: str) -> None:
    Function.objects.create(name="W1")
    found = errors(upload(browser, package(tmp_path).read_bytes(), name=name))
    assert "This name is taken." in [message for messages in found.values() for message in messages]
    assert uploads() == []


def test_the_runtimes_are_those_of_the_registry(browser: Client) -> None:
    shown = browser.get(f"{FUNCTIONS}add/").context["adminform"].form.fields["runtime"].choices
    assert [value for value, _ in shown] == ["", *registry.names()]
    with registry.override(registry.get("node12")):
        shown = browser.get(f"{FUNCTIONS}add/").context["adminform"].form.fields["runtime"].choices
        assert [value for value, _ in shown] == ["", "node12"]
        assert set(errors(browser.post(f"{FUNCTIONS}add/", form(runtime="python3.12")))) == {"runtime"}


def test_the_form_s_runtime_is_enough_for_a_zip_without_config_json(browser: Client) -> None:
    assert upload(browser, zips.zipped(("main.py", b"")), runtime="python3.12").status_code == 302
    assert Function.objects.get().runtime == "python3.12"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("environment", '["A"]'),
        ("environment", '{"A": 1}'),
        ("environment", '{"WF_CHANNEL": "x"}'),
        ("environment", '{"LD_PRELOAD": "x"}'),
        ("environment", '{"A=B": "x"}'),
        ("environment", "{"),
        ("memory", "256"),
        ("memory", "-1"),
        ("timeout", "-1"),
        ("timeout", "soon"),
        ("isolation", "vm"),
        ("network", "host"),
        ("runtime", "basic"),
    ],
)
def test_a_value_that_cannot_be(browser: Client, field: str, value: str) -> None:
    assert set(errors(browser.post(f"{FUNCTIONS}add/", form(**{field: value})))) == {field}
    assert not Function.objects.exists()


def test_everything_that_can_be_said_about_a_function(browser: Client) -> None:
    own = {"runtime": "node12", "handler": "a.b", "timeout": "7", "memory": str(64 << 20), "isolation": "process"}
    own |= {"network": "none", "environment": '{"A": "1"}', "enabled": ""}
    assert browser.post(f"{FUNCTIONS}add/", form(**own)).status_code == 302
    function = Function.objects.get()
    assert (function.runtime, function.handler, function.timeout, function.memory) == ("node12", "a.b", 7, 64 << 20)
    assert (function.isolation, function.network, function.environment) == ("process", "none", {"A": "1"})
    assert not function.enabled


def test_a_function_that_is_switched_off_is_not_found(browser: Client, platform: Platform) -> None:
    browser.post(f"{FUNCTIONS}add/", form(enabled=""))
    response = browser.get("/execute?name=W1")
    assert (response.status_code, response.json()["Code"]) == (404, "function_not_found")


def test_a_file_that_is_too_large_to_be_a_package(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    data = io.BytesIO(b"PK" + b"\0" * (51 << 20)).getvalue()
    assert "larger than 50 MiB" in errors(upload(browser, data))["package"][0]
    assert uploads() == []
