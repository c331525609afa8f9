"""Changing a function: overrides, a replaced upload, and building now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from functions.build import images
from functions.models import Function, Image
from functions.models.image import ImageState
from functions.pool.options import resolve
from tests.functions.admin.conftest import FUNCTIONS, form
from tests.functions.admin.test_function_add import uploads
from tests.functions.build.packages import PYTHON, package
from tests.functions.conftest import join_background_work
from tests.functions.models import rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from django.test import Client

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def uploaded(tmp_path: Path) -> Function:
    """A function with an upload of its own, in the version that is wanted."""
    function = rows.function()
    function.package.save("x", ContentFile(package(tmp_path).read_bytes()))
    return function


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    yield
    for path in uploads():
        path.unlink()


def change(browser: Client, function: Function, **fields: object) -> int:
    return browser.post(f"{FUNCTIONS}{function.pk}/change/", form(**fields)).status_code


def test_overrides_hold_for_the_next_call(browser: Client) -> None:
    image = rows.image(ImageState.READY, config={"handler": "main.run", "timeout": 1, "env": {"A": "1", "B": "1"}})
    function = image.function
    assert change(browser, function, timeout="9", environment='{"B": "2"}', network="none") == 302
    function.refresh_from_db()
    found = resolve(function, image, rest_mode=False)
    assert (found.timeout_s, dict(found.environment), found.network) == (9, {"A": "1", "B": "2"}, False)
    assert (found.handler, function.version) == ("main.run", rows.VERSION)
    assert change(browser, function) == 302
    function.refresh_from_db()
    assert resolve(function, image, rest_mode=False).timeout_s == 1


def test_a_replaced_upload_outdates_the_version_and_removes_the_old_file(
    browser: Client, uploaded: Function, tmp_path: Path
) -> None:
    (old,) = uploads()
    data = package(tmp_path, files={**PYTHON, "more.txt": ""}).read_bytes()
    assert change(browser, uploaded, package=SimpleUploadedFile("W1.zip", data)) == 302
    (new,) = uploads()
    assert new != old
    assert new.read_bytes() == data
    uploaded.refresh_from_db()
    assert (uploaded.version, uploaded.package.name) == ("", new.name)


def test_a_bad_replacement_leaves_everything_as_it_was(browser: Client, uploaded: Function) -> None:
    (old,) = uploads()
    before = rows.snapshot(uploaded)
    assert change(browser, uploaded, package=SimpleUploadedFile("W1.zip", b"no zip")) == 200
    assert uploads() == [old]
    assert rows.snapshot(uploaded) == before


def test_an_upload_that_is_taken_back_leads_to_the_storage(browser: Client, uploaded: Function) -> None:
    assert change(browser, uploaded, **{"package-clear": "on"}) == 302
    uploaded.refresh_from_db()
    assert (bool(uploaded.package), uploaded.version) == (False, "")
    assert uploads() == []


def test_saving_without_a_change_keeps_the_version_and_the_file(browser: Client, uploaded: Function) -> None:
    (old,) = uploads()
    assert change(browser, uploaded) == 302
    uploaded.refresh_from_db()
    assert uploaded.version == rows.VERSION
    assert uploads() == [old]


def test_another_runtime_outdates_the_version(browser: Client) -> None:
    function = rows.function()
    assert change(browser, function, runtime="python3.7") == 302
    function.refresh_from_db()
    assert (function.runtime, function.version) == ("python3.7", "")


def test_the_name_stays(browser: Client) -> None:
    function = rows.function("W1")
    assert change(browser, function, name="Other") == 302
    function.refresh_from_db()
    assert function.name == "W1"


def test_build_now_builds_what_is_ready_failed_or_new(
    browser: Client, platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    ready, new = rows.image(ImageState.READY, rows.function("Ready")), rows.function("New", version="")
    later = timezone.now() + timedelta(hours=1)
    failed = rows.image(ImageState.FAILED, rows.function("Failed"), retry_at=later)
    for name in ("Ready", "Failed", "New"):
        package(source_folder, name)
    chosen = [ready.function_id, failed.function_id, new.pk]
    page = browser.post(FUNCTIONS, {"action": "build_now", "_selected_action": chosen}, follow=True)
    assert "Building: Failed, New, Ready." in page.content.decode()
    join_background_work()
    assert [image.state for image in Image.objects.all()] == [ImageState.READY] * 3
    assert fake_engine.history.count("build") == 3


def test_build_now_says_when_there_is_nothing_to_do(browser: Client, platform: Platform) -> None:
    image = rows.image(ImageState.BUILDING)
    page = browser.post(FUNCTIONS, {"action": "build_now", "_selected_action": [image.function_id]}, follow=True)
    assert "all are being built already" in page.content.decode()


def test_the_list_says_how_the_image_is(browser: Client) -> None:
    rows.image(ImageState.FAILED)
    page = browser.get(FUNCTIONS).content.decode()
    assert "Failed" in page
    assert rows.VERSION[:12] in page
    assert rows.VERSION not in page


def test_a_wrong_package_by_upload_does_not_reach_the_storage(
    browser: Client, uploaded: Function, platform: Platform, source_folder: Path
) -> None:
    package(source_folder, "W1", files={"main.py": ""})  # the storage's package would be refused
    Function.objects.outdate(uploaded.pk)
    assert images.ensure(Function.objects.get(), platform).built
