"""The description of the API: in the repository, served by the node, and true."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management import call_command

if TYPE_CHECKING:
    from django.test import Client

COMMITTED = Path(__file__).resolve().parents[3] / "docs/openapi.yaml"
COMMAND = ".venv/bin/python manage.py spectacular --fail-on-warn --file docs/openapi.yaml"


def test_the_description_in_the_repository_is_the_generated_one() -> None:
    generated = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=generated)
    assert COMMITTED.read_text().strip() == generated.getvalue().strip(), f"run: {COMMAND}"


def test_the_node_serves_it_as_json(client: Client) -> None:
    response = client.get("/openapi.json", headers={"Accept": "text/html"})
    assert response.status_code == 200
    assert "json" in response["Content-Type"]
    assert response.json()["openapi"].startswith("3.")


def test_it_describes_what_is_answered(client: Client) -> None:
    description: dict[str, Any] = client.get("/openapi.json").json()
    call = description["paths"]["/execute"]
    assert set(call) == {"get", "post"}
    assert call["get"]["parameters"][0]["name"] == "name"
    failure = description["components"]["schemas"]["Failure"]
    answer = client.get("/execute").json()
    assert set(failure["required"]) == set(answer)
    assert set(answer) <= set(failure["properties"])
