"""The admin site: who gets in, and what is not there."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from tests.functions.admin.conftest import EXECUTIONS, FUNCTIONS, IMAGES, staff
from tests.functions.models import rows

pytestmark = pytest.mark.django_db


def test_a_person_logs_in_with_a_password(client: Client) -> None:
    User.objects.create_superuser("root", password="correct horse")
    assert client.get(FUNCTIONS).status_code == 302
    wrong = client.post("/admin/login/", {"username": "root", "password": "battery staple"})
    assert (wrong.status_code, "errornote" in wrong.content.decode()) == (200, True)
    right = client.post(f"/admin/login/?next={FUNCTIONS}", {"username": "root", "password": "correct horse"})
    assert (right.status_code, right["Location"]) == (302, FUNCTIONS)
    assert client.get(FUNCTIONS).status_code == 200


def test_a_form_without_its_token_is_refused() -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(User.objects.create_superuser("root"))
    assert careful.post(f"{FUNCTIONS}add/", {"name": "W1"}).status_code == 403


def test_the_login_page_and_everything_that_it_names_is_served(client: Client) -> None:
    page = client.get("/admin/login/")
    assert page.status_code == 200
    assets = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.content.decode())
    assert len(assets) > 3
    for asset in assets:
        response = client.get(asset)
        assert (response.status_code, response["Content-Type"].split(";")[0]) in [
            (200, "text/css"),
            (200, "text/javascript"),
        ]
        response.close()


@pytest.mark.parametrize("path", ["/static/../secret_key", "/static/%2e%2e/secret_key", "/static/nothing.css"])
def test_nothing_else_is_served_as_a_file(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_task_queue_is_not_in_the_admin(browser: Client) -> None:
    registered = {model._meta.object_name for model in admin.site._registry}
    assert {"Function", "Image", "Execution"} <= registered
    assert registered.isdisjoint({"OrmQ", "Schedule", "Task", "Success", "Failure"})
    index = browser.get("/admin/").content.decode()
    assert "Functions" in index
    assert "Scheduled tasks" not in index
    for path in ("schedule/", "ormq/", "schedule/add/", "success/", "failure/"):
        assert browser.get(f"/admin/django_q/{path}").status_code == 404


def test_a_stranger_is_sent_to_the_login_page(client: Client) -> None:
    image = rows.image()
    for path in (FUNCTIONS, f"{FUNCTIONS}add/", f"{FUNCTIONS}{image.function_id}/run/", IMAGES, EXECUTIONS):
        response = client.get(path)
        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/")


def test_staff_without_permission_may_do_nothing() -> None:
    image, client = rows.image(), staff()
    pk = image.function_id
    for path in (
        FUNCTIONS,
        f"{FUNCTIONS}add/",
        f"{FUNCTIONS}{pk}/change/",
        f"{FUNCTIONS}{pk}/delete/",
        IMAGES,
        EXECUTIONS,
    ):
        assert client.get(path).status_code == 403
        assert client.post(path, {"post": "yes"}).status_code == 403
    for method in (client.get, client.post):
        assert method(f"{FUNCTIONS}{pk}/run/").status_code == 403
    assert client.post(f"{IMAGES}{image.pk}/delete/", {"post": "yes"}).status_code == 403
    image.refresh_from_db()


def test_staff_who_may_look_may_not_run_build_or_delete() -> None:
    image, client = rows.image(), staff("view_function", "view_image")
    pk = image.function_id
    assert client.get(f"{FUNCTIONS}{pk}/change/").status_code == 200
    assert client.get(f"{IMAGES}{image.pk}/change/").status_code == 200
    assert client.post(f"{FUNCTIONS}{pk}/run/", {"event": "{}"}).status_code == 403
    client.post(FUNCTIONS, {"action": "build_now", "_selected_action": [pk]})
    assert rows.snapshot(image)["state"] == "ABSENT"
    assert client.post(f"{FUNCTIONS}{pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{IMAGES}{image.pk}/delete/", {"post": "yes"}).status_code == 403
