"""`/execute`: the original's keys and ours, and headers that say how the call was served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.invoke.admission import Admission
from functions.invoke.stages import Stages
from functions.models import Execution, Function
from tests.functions.build.packages import package
from tests.functions.fake_engine import FakeEngine, answering
from tests.functions.models import rows

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from pytest_django import Settings

    from functions.build.platform import Platform

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture(autouse=True)
def _worker(platform: Platform, source_folder: Path) -> None:
    package(source_folder, "Hello")


def test_the_answer_of_a_call(client: Client) -> None:
    response = client.get("/execute?name=Hello", headers={"X-Call-Id": "mine"})
    row = Execution.objects.get()
    assert response.status_code == 200
    body = response.json()
    assert body == {
        "Result": {"statusCode": 200, "body": "hello"},
        "ExecutionTime": body["ExecutionTime"],
        "InternalExecutionTime": 2,
        "Meta": {
            "ImageBuilt": True,
            "UsingPooledContainer": False,
            "UsingExistingRestContainer": False,
            "ContainerName": row.container_name,
            "ImageName": "hf_hello",
            "ExecutionId": str(row.pk),
            "StartType": "built",
            "Version": row.version,
        },
    }
    assert type(body["ExecutionTime"]) is int
    assert body["ExecutionTime"] >= body["InternalExecutionTime"]
    assert row.container_name.startswith("hf_hello__")
    assert (row.call_id, row.trigger) == ("mine", "http")


def test_the_headers_of_a_call(client: Client) -> None:
    response = client.post("/execute?name=Hello")
    row = Execution.objects.get()
    assert (response["X-Function-Name"], response["X-Function-Version"]) == ("Hello", row.version)
    assert response["X-Start-Type"] == "built"
    assert float(response["X-Duration-Seconds"]) > 0
    timings = dict(part.split(";dur=") for part in response["Server-Timing"].split(", "))
    assert set(timings) == {"queue", "build", "start", "exec"}
    assert all(float(ms) >= 0 for ms in timings.values())
    assert "X-Function-Error" not in response
    assert "X-Worker-Front-Error" not in response


def test_a_function_that_failed(client: Client, fake_engine: FakeEngine) -> None:
    words = {"errorType": "ValueError", "errorMessage": "nö", "stackTrace": ["here"]}
    fake_engine.agent = answering({"type": "error", "kind": "handler", **words})
    response = client.get("/execute?name=Hello")
    assert (response.status_code, response["X-Function-Error"]) == (502, "Handled")
    assert "X-Worker-Front-Error" not in response
    assert (response["X-Function-Name"], response["X-Start-Type"]) == ("Hello", "built")
    body = response.json()
    assert (body["Code"], body["FunctionError"]) == ("function_error", words)
    assert body["CallId"] == Execution.objects.get().call_id == response["X-Call-Id"]


def test_a_platform_that_failed(client: Client, fake_engine: FakeEngine) -> None:
    fake_engine.said = [{"error": "no"}]
    response = client.get("/execute?name=Hello")
    assert (response.status_code, response["X-Worker-Front-Error"]) == (502, "function")
    assert response.json()["Code"] == "build_failed"


def test_old_clients_get_one_status(client: Client, fake_engine: FakeEngine, settings: Settings) -> None:
    settings.WF_LEGACY_STATUS = True
    assert client.get("/execute?name=Hello").status_code == 200
    fake_engine.agent = answering({"type": "error", "kind": "handler"})
    assert client.get("/execute?name=Hello").status_code == 500


@pytest.mark.parametrize("name", ["Nowhere", "Off"])
def test_an_unknown_or_disabled_function(client: Client, name: str) -> None:
    rows.function("Off", enabled=False)
    response = client.get(f"/execute?name={name}")
    assert (response.status_code, response.json()["Code"]) == (404, "function_not_found")
    assert not Execution.objects.exists()


def test_a_function_is_called_whatever_the_case(client: Client) -> None:
    client.get("/execute?name=Hello")
    response = client.get("/execute?name=hELLO")
    assert (response.status_code, response["X-Function-Name"]) == (200, "Hello")
    assert Function.objects.count() == 1


def test_a_node_without_a_free_slot(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Admission(slots=1, wait_s=0)
    monkeypatch.setattr("functions.invoke.invoker.admission", lambda: full)
    with full.slot(Stages(0)):
        response = client.get("/execute?name=Hello")
    assert (response.status_code, response.json()["Code"]) == (503, "node_saturated")
    assert response["Retry-After"] == "1"
    assert [(row.state, row.error_code) for row in Execution.objects.all()] == [("FAILED", "node_saturated")]
    assert client.get("/execute?name=Hello").status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "", "*/*", "nonsense"])
def test_the_answer_is_json_whatever_is_accepted(client: Client, accept: str) -> None:
    for path in ("/execute?name=Hello&format=html", "/execute?name=Nowhere"):
        response = client.get(path, headers={"Accept": accept})
        assert response["Content-Type"] == "application/json"
        assert response.json()


def test_text_leaves_as_it_is(client: Client, fake_engine: FakeEngine) -> None:
    fake_engine.agent = answering({"type": "result", "value": "ä\u4e2d\U0001f600\u2028<&>"})
    response = client.get("/execute?name=Hello")
    assert response.json()["Result"]["body"] == "ä\u4e2d\U0001f600\u2028<&>"
    assert "ä\u4e2d\U0001f600".encode() in response.content
