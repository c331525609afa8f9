"""What the admin's pages need, and a call does not have to wait for."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_page_has_a_session_a_user_and_its_guards() -> None:
    answer = Client(enforce_csrf_checks=True).get("/admin/login/")
    assert answer.wsgi_request.user.is_anonymous
    assert answer.wsgi_request.session is not None
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "csrftoken" in answer.cookies


def test_a_form_without_its_token_is_refused() -> None:
    form = {"username": "admin", "password": "admin"}
    assert Client(enforce_csrf_checks=True).post("/admin/login/", form).status_code == 403


def test_a_call_has_none_of_these() -> None:
    answer = Client().get("/openapi.json")
    assert answer.status_code == 200
    assert not hasattr(answer.wsgi_request, "session")
    assert answer.wsgi_request.user is None
    assert not answer.cookies


def test_another_host_s_name_is_refused_for_both() -> None:
    for path in ("/openapi.json", "/admin/login/"):
        assert Client().get(path, headers={"host": "elsewhere.example"}).status_code == 400
