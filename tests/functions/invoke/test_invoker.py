"""The story of one call with a fake engine and real channels: rounds before the function begins, never after."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError

from functions.engine.docker import ContainerState, NoSuchImage, NoSuchThing
from functions.errors import EngineUnavailable, FunctionNotFound, WorkerFrontError
from functions.invoke import record
from functions.invoke.call import Answer, Call
from functions.invoke.invoker import ROUNDS, invoke
from functions.models import Execution, Image
from functions.models.image import ImageState
from tests.functions.build.packages import package
from tests.functions.conftest import join_background_work
from tests.functions.fake_agent import answering
from tests.functions.models import rows

if TYPE_CHECKING:
    from pathlib import Path

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled", "source_folder")


@pytest.fixture(autouse=True)
def _package(source_folder: Path) -> None:
    package(source_folder, "Hello")


def call(platform: Platform, name: str = "Hello", event: Any = None) -> Answer:
    return invoke(Call(name, event, "call-1", time.monotonic()), platform)


def error_of(answer: Answer) -> WorkerFrontError:
    assert answer.outcome.error
    return answer.outcome.error


def test_a_call_builds_runs_answers_and_is_recorded(platform: Platform) -> None:
    answer = call(platform, event={"a": "ä"})
    assert answer.outcome.response == {"statusCode": 200, "body": "hello"}
    row = rows.snapshot(answer.execution)
    assert (row["state"], row["status_code"], row["start_type"]) == ("SUCCEEDED", 200, "built")
    assert (row["function_name"], row["call_id"], row["trigger"], row["node"]) == (
        "Hello",
        "call-1",
        "http",
        "test-node",
    )
    assert (row["image_built"], row["image_name"], row["function_ms"]) == (True, "hf_hello", 2.5)
    assert row["container_name"].startswith("hf_hello__")
    assert (row["event"], json.loads(row["result"])) == ('{"a":"ä"}', answer.outcome.response)
    assert row["version"] == Image.objects.get().version
    assert row["queued_at"] <= row["started_at"] <= row["finished_at"]
    assert all(row[f"{stage}_ms"] is not None for stage in ("queue", "build", "start", "exec"))


def test_the_second_call_finds_the_image(platform: Platform) -> None:
    assert call(platform).execution.start_type == "built"
    second = call(platform)
    assert (second.execution.start_type, second.execution.image_built) == ("cold", False)


def test_nothing_of_a_call_is_left(platform: Platform, fake_engine: FakeEngine) -> None:
    before = set((django_settings.WF_HOME / "channels").iterdir())  # of tests of kept containers
    answer = call(platform)
    join_background_work()
    names = [made["Name"] for made in fake_engine.made.values()]
    assert answer.execution.container_name not in names
    assert set((django_settings.WF_HOME / "channels").iterdir()) <= before


def test_an_unknown_function_has_no_row(platform: Platform) -> None:
    with pytest.raises(FunctionNotFound):
        call(platform, "Nowhere")
    assert not Execution.objects.exists()


def test_a_failed_build_is_the_answer_and_is_recorded(platform: Platform, fake_engine: FakeEngine) -> None:
    fake_engine.said = [{"error": "pip failed"}]
    answer = call(platform)
    assert error_of(answer).code == "build_failed"
    row = rows.snapshot(answer.execution)
    assert (row["state"], row["error_code"], row["started_at"]) == ("FAILED", "build_failed", None)
    assert "pip failed" in row["error"]


def test_an_image_that_vanished_is_built_again(platform: Platform, fake_engine: FakeEngine) -> None:
    call(platform)
    fake_engine.built.clear()
    answer = call(platform)
    assert answer.outcome.response
    assert answer.execution.start_type == "built"
    assert fake_engine.history.count("build") == 2


def test_an_image_that_vanishes_each_time_is_given_up_after_three_rounds(
    platform: Platform, fake_engine: FakeEngine
) -> None:
    fake_engine.failing["create"] = [NoSuchImage("gone") for _ in range(10)]
    answer = call(platform)
    assert isinstance(error_of(answer), EngineUnavailable)
    assert "three times" in error_of(answer).message
    assert fake_engine.history.count("create") == ROUNDS
    assert Image.objects.get().state == ImageState.ABSENT
    assert rows.snapshot(answer.execution)["started_at"] is None


def test_a_container_that_vanishes_before_the_function_began_is_replaced(
    platform: Platform, fake_engine: FakeEngine
) -> None:
    call(platform)
    join_background_work()
    fake_engine.failing["start"] = [NoSuchThing("No such container")]
    assert call(platform).outcome.response


def test_a_container_that_vanishes_while_its_code_loads_is_not_replaced(
    platform: Platform, fake_engine: FakeEngine
) -> None:
    fake_engine.agent = lambda channel: None
    fake_engine.end = None
    assert error_of(call(platform)).code == "function_crashed"
    assert fake_engine.history.count("start") == 1


def test_a_container_that_dies_while_it_boots_is_the_function_s_fault(
    platform: Platform, fake_engine: FakeEngine
) -> None:
    fake_engine.agent = lambda channel: None
    fake_engine.end = ContainerState(False, 3, False, "")
    answer = call(platform)
    assert error_of(answer).code == "function_crashed"
    assert "exit status 3" in error_of(answer).message
    row = rows.snapshot(answer.execution)
    assert (row["state"], row["log"]) == ("FAILED", "last words\n")
    assert fake_engine.history.count("start") == 1


def test_an_engine_that_fails_before_the_function_began_is_told_as_such(
    platform: Platform, fake_engine: FakeEngine
) -> None:
    fake_engine.failing["create"] = [EngineUnavailable()]
    answer = call(platform)
    assert error_of(answer).code == "engine_unavailable"
    assert error_of(answer).retryable
    assert rows.snapshot(answer.execution)["state"] == "FAILED"


def test_a_fault_of_ours_is_an_answer_without_its_details(platform: Platform, fake_engine: FakeEngine) -> None:
    fake_engine.failing["create"] = [ZeroDivisionError("/secret")]
    answer = call(platform)
    assert error_of(answer).code == "internal"
    assert "secret" not in error_of(answer).message
    assert rows.snapshot(answer.execution)["state"] == "FAILED"


def test_a_record_that_cannot_be_closed_costs_nobody_the_answer(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, failures = record.finish, iter([OperationalError("database is locked")])

    def failing_once(*arguments: Any) -> None:
        for failure in failures:
            raise failure
        finish(*arguments)

    monkeypatch.setattr(record, "finish", failing_once)
    answer = call(platform)
    assert answer.outcome.response == {"statusCode": 200, "body": "hello"}
    join_background_work()
    assert rows.snapshot(answer.execution)["state"] == "SUCCEEDED"


def test_a_long_event_is_cut_in_the_record_only(platform: Platform, fake_engine: FakeEngine) -> None:
    fake_engine.agent = answering({"type": "result", "value": "y" * 100_000})
    answer = call(platform, event="x" * 100_000)
    assert answer.outcome.response == {"statusCode": 200, "body": "y" * 100_000}
    row = rows.snapshot(answer.execution)
    assert len(row["event"]) == len(row["result"]) == record.KEPT_TEXT
