"""Running a function once from the admin: on the real engine, with an event of the person's own."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pytest

from functions.build.platform import Platform, platform
from functions.models import Execution, Image
from functions.upkeep import eviction
from tests.functions.admin.conftest import EXECUTIONS, FUNCTIONS
from tests.functions.build.packages import package
from tests.functions.conftest import join_background_work
from tests.functions.fake_engine import FakeEngine, answering
from tests.functions.models import rows
from tests.worker import engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from django.test import Client

pytestmark = pytest.mark.usefixtures("settled")

SOURCE = """
def lambda_handler(event, context):
    print("seen by", context.function_name)
    if event == "fail":
        raise ValueError("<b>no</b>")
    return {"statusCode": 201, "body": event["name"] * 2}
"""


@pytest.fixture
def real_worker() -> Iterator[Platform]:
    """This process's own platform; what its calls leave in the engine goes with the test."""
    platform.cache_clear()
    own = platform()
    yield own
    join_background_work()
    ours = {"label": f"workerfront.instance={own.instance}"}
    with engine() as client:
        for container in client.containers.list(all=True, filters=ours):
            container.remove(force=True)
        for image in Image.objects.all():
            eviction.discard(image, own)
        for layer in client.images.list(filters=ours):  # a sweep's work otherwise
            client.images.remove(layer.id)
    platform.cache_clear()


def run(browser: Client, pk: int, event: str) -> str:
    page = browser.post(f"{FUNCTIONS}{pk}/run/", {"event": event})
    assert page.status_code == 200
    return html.unescape(page.content.decode())


def test_a_run_shows_the_answer_the_log_and_the_record(
    browser: Client, real_worker: Platform, source_folder: Path
) -> None:
    files = {"config.json": '{"environment": "python3.12", "network": "none"}', "main.py": SOURCE}
    package(source_folder, "AdminRun", files)
    function = rows.function("AdminRun", version="")
    assert "Run once" in browser.get(f"{FUNCTIONS}{function.pk}/change/").content.decode()
    page = run(browser, function.pk, '{"name": "hü"}')
    row = Execution.objects.get()
    assert (row.state, row.trigger, row.start_type, row.status_code) == ("SUCCEEDED", "admin", "built", 201)
    assert '"body":"hühü"' in page
    assert "seen by AdminRun" in page
    assert f"{EXECUTIONS}{row.pk}/change/" in page
    failed = browser.post(f"{FUNCTIONS}{function.pk}/run/", {"event": '"fail"'}).content.decode()
    assert "function_error" in failed
    assert "<b>no</b>" not in failed
    assert "&lt;b&gt;no&lt;/b&gt;" in failed


@pytest.mark.parametrize("event", ["", "{", "{'a': 1}", "NaN", "[" * 100 + "]" * 100, '"\\ud800"'])
def test_an_event_that_is_no_json_runs_nothing(browser: Client, platform: Platform, event: str) -> None:
    function = rows.function()
    page = run(browser, function.pk, event)
    assert "errorlist" in page
    assert not Execution.objects.exists()


def test_an_error_before_the_record_is_shown(browser: Client, platform: Platform) -> None:
    function = rows.function(enabled=False)
    assert "function_not_found" in run(browser, function.pk, "{}")
    assert not Execution.objects.exists()


def test_a_result_cannot_break_out_of_the_page(
    browser: Client, platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)
    attack = "</pre><script>alert(1)</script>"
    fake_engine.agent = answering(
        {"type": "log", "stream": "stdout", "data": attack}, {"type": "result", "value": attack}
    )
    function = rows.function(version="")
    page = browser.post(f"{FUNCTIONS}{function.pk}/run/", {"event": "{}"}).content.decode()
    assert "alert(1)" in page
    assert "<script>alert" not in page
    record = browser.get(f"{EXECUTIONS}{Execution.objects.get().pk}/change/").content.decode()
    assert "alert(1)" in record
    assert "<script>alert" not in record


def test_an_unknown_function_cannot_be_run(browser: Client) -> None:
    assert browser.get(f"{FUNCTIONS}4711/run/").status_code == 404
