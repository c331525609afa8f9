"""Every answer carries a call id: the caller's own when it is one, else a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db

GOOD = ["a", "A-z_0.9", "x" * 128]
BAD = ["", "x" * 129, "a b", "a\u00e4", "<script>", "a/b", "a\x7f"]


def id_of(client: Client, path: str = "/nothing", **headers: str) -> str:
    response = client.get(path, headers={key.replace("_", "-"): text for key, text in headers.items()})
    assert response.json()["CallId"] == response["X-Call-Id"]
    return response["X-Call-Id"]


@pytest.mark.parametrize("header", ["X_Call_Id", "X_Request_Id"])
@pytest.mark.parametrize("given", GOOD)
def test_the_caller_s_id(client: Client, header: str, given: str) -> None:
    assert id_of(client, **{header: given}) == given
    assert id_of(client, "/execute", **{header: given}) == given


@pytest.mark.parametrize("given", BAD)
def test_something_else_is_replaced(client: Client, given: str) -> None:
    assert len(id_of(client, X_Call_Id=given)) == 32


def test_the_call_s_own_header_wins(client: Client) -> None:
    assert id_of(client, X_Call_Id="one", X_Request_Id="two") == "one"
    assert id_of(client, X_Call_Id="not ok", X_Request_Id="two") == "two"


def test_each_request_has_an_id_of_its_own(client: Client) -> None:
    assert id_of(client) != id_of(client)


def test_every_kind_of_answer_has_one(client: Client) -> None:
    for path in ("/openapi.json", "/admin/login/", "/static/admin/css/base.css"):
        response = client.get(path)
        assert (response.status_code, len(response["X-Call-Id"])) == (200, 32)
        response.close()
