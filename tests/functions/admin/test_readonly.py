"""What the worker writes itself: to look at, to filter and to search, not to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.models import Execution, Image, PoolEntry
from functions.models.execution import ExecutionState, StartType
from functions.models.image import ImageState
from functions.models.pool_entry import PoolKind
from tests.functions.admin.conftest import EXECUTIONS, IMAGES
from tests.functions.models import rows

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db

POOL = "/admin/functions/poolentry/"


@pytest.fixture
def image() -> Image:
    return rows.image(ImageState.READY, log="Step 1/9 : FROM python", size=3 << 20, runtime="python3.12")


@pytest.fixture
def call() -> Execution:
    return rows.execution(
        ExecutionState.SUCCEEDED, function_name="Findme", call_id="caller-7", log="hello log", start_type=StartType.COLD
    )


def results(browser: Client, path: str, **query: str) -> int:
    page = browser.get(path, query)
    assert page.status_code == 200, page.headers
    return int(page.context["cl"].result_count)


def test_an_image_shows_its_log_and_its_size(browser: Client, image: Image) -> None:
    listed = browser.get(IMAGES).content.decode()
    assert "hf_w1" in listed
    assert "3.0\xa0MB" in listed
    assert "Step 1/9 : FROM python" in browser.get(f"{IMAGES}{image.pk}/change/").content.decode()


def test_a_record_shows_its_log(browser: Client, call: Execution) -> None:
    page = browser.get(f"{EXECUTIONS}{call.pk}/change/").content.decode()
    assert "hello log" in page
    assert "caller-7" in page


def test_nothing_can_be_added(browser: Client) -> None:
    for path in (IMAGES, EXECUTIONS, POOL):
        assert browser.get(f"{path}add/").status_code == 403
        assert browser.post(f"{path}add/", {"state": "READY"}).status_code == 403


def test_nothing_can_be_changed(browser: Client, image: Image, call: Execution) -> None:
    entry = PoolEntry.objects.create(node="n", kind=PoolKind.NETWORK, container_name="h")
    before = rows.snapshot(image), rows.snapshot(call)
    for path in (f"{IMAGES}{image.pk}", f"{EXECUTIONS}{call.pk}", f"{POOL}{entry.pk}"):
        page = browser.get(f"{path}/change/").content.decode()
        assert 'name="_save"' not in page
        assert 'name="state"' not in page
        assert browser.post(f"{path}/change/", {"state": "FAILED", "log": "x"}).status_code == 403
    assert (rows.snapshot(image), rows.snapshot(call)) == before


def test_a_record_cannot_be_deleted(browser: Client, call: Execution) -> None:
    assert browser.post(f"{EXECUTIONS}{call.pk}/delete/", {"post": "yes"}).status_code == 403
    browser.post(EXECUTIONS, {"action": "delete_selected", "_selected_action": [call.pk], "post": "yes"})
    assert Execution.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 2),
        ({"state__exact": "SUCCEEDED"}, 1),
        ({"start_type__exact": "cold"}, 1),
        ({"trigger__exact": "admin"}, 0),
        ({"q": "findme"}, 1),
        ({"q": "caller-7"}, 1),
        ({"q": "nothing"}, 0),
    ],
)
def test_records_are_filtered_and_searched(browser: Client, call: Execution, query: dict[str, str], found: int) -> None:
    rows.execution(ExecutionState.FAILED, function_name="Other", call_id="x")
    assert results(browser, EXECUTIONS, **query) == found


def test_a_record_is_found_by_its_id(browser: Client, call: Execution) -> None:
    rows.execution()
    assert results(browser, EXECUTIONS, q=str(call.pk)) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [({"state__exact": "READY"}, 1), ({"state__exact": "FAILED"}, 0), ({"runtime": "python3.12"}, 1), ({"q": "w1"}, 1)],
)
def test_images_are_filtered_and_searched(browser: Client, image: Image, query: dict[str, str], found: int) -> None:
    assert results(browser, IMAGES, **query) == found
