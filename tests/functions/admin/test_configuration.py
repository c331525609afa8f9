"""The configuration in the admin: this node's row is there, and is changed by the rules of `/configure`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings

from functions.admin.configuration import ConfigurationForm
from functions.models import Configuration
from tests.functions.admin.conftest import staff
from tests.functions.conftest import join_background_work

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import Settings

    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled", "platform")

LIST = "/admin/functions/configuration/"
VALUES = {
    "user_code_size_limit": 5000,
    "container_pool_limit": 1,
    "container_pool_num": 2,
    "using_rest_mode": True,
    "rest_container_life_time": 77,
}


def row() -> Configuration:
    return Configuration.objects.get(node=django_settings.WF_NODE)


def stored() -> dict[str, Any]:
    return {name: getattr(row(), name) for name in VALUES}


def page_of(browser: Client) -> str:
    browser.get(LIST)
    return f"{LIST}{row().pk}/change/"


def form(browser: Client, **fields: Any) -> dict[str, Any]:
    """What the loaded page sends with these fields filled in; an unticked box is not sent."""
    page = browser.get(page_of(browser)).content.decode()
    sent = {**VALUES, **dict(re.findall(r'<input type="hidden" name="(seen)" value="([^"]+)"', page)), **fields}
    assert sent["seen"]
    return {name: value for name, value in sent.items() if value is not False}


def test_this_node_s_row_is_made_when_it_is_missing(browser: Client) -> None:
    page = browser.get(LIST).content.decode()
    assert django_settings.WF_NODE in page
    browser.get(LIST)
    assert Configuration.objects.count() == 1


def test_it_is_changed_as_a_whole_and_a_sweep_follows(browser: Client, fake_engine: FakeEngine) -> None:
    response = browser.post(page_of(browser), form(browser))
    assert (response.status_code, stored()) == (302, VALUES)
    join_background_work()
    assert "containers" in fake_engine.history
    browser.post(page_of(browser), form(browser, using_rest_mode=False))
    assert stored() == {**VALUES, "using_rest_mode": False}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user_code_size_limit", -2),
        ("user_code_size_limit", (1 << 50) + 1),
        ("container_pool_limit", "banana"),
        ("container_pool_limit", 10_001),
        ("container_pool_num", 0),
        ("container_pool_num", 1001),
        ("rest_container_life_time", 0),
        ("rest_container_life_time", 604_801),
        ("rest_container_life_time", "1.5"),
        ("container_pool_num", ""),
    ],
)
def test_a_bad_value_is_shown_and_nothing_is_changed(browser: Client, name: str, value: object) -> None:
    before = form(browser)
    response = browser.post(page_of(browser), {**before, name: value})
    assert (response.status_code, bool(response.context["errors"])) == (200, True)
    assert stored()["user_code_size_limit"] == -1


def test_a_pool_beyond_the_memory_is_refused(browser: Client, settings: Settings) -> None:
    settings.WF_POOL_MEMORY = 5 * settings.WF_FUNCTION_MEMORY
    response = browser.post(page_of(browser), form(browser, container_pool_limit=3))
    assert "is 3 x 2 containers" in response.content.decode()
    assert stored()["container_pool_limit"] == -1


def test_what_somebody_else_has_changed_meanwhile_is_not_overwritten(browser: Client) -> None:
    loaded = form(browser)
    Configuration.objects.change(row(), container_pool_num=9)
    response = browser.post(page_of(browser), loaded)
    assert "Somebody has changed it" in response.content.decode()
    assert (stored()["container_pool_num"], stored()["using_rest_mode"]) == (9, False)


def test_of_two_who_save_at_the_same_moment_one_is_told(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, check = form(browser), ConfigurationForm.clean

    def checked_just_before(self: ConfigurationForm) -> dict[str, Any]:
        fields = check(self)
        Configuration.objects.change(row(), container_pool_num=9)
        return fields

    monkeypatch.setattr(ConfigurationForm, "clean", checked_just_before)
    page = browser.post(page_of(browser), loaded, follow=True).content.decode()
    assert "Somebody else has changed it at the same moment" in page
    assert "was changed successfully" not in page
    assert stored()["using_rest_mode"] is False


def test_a_pool_that_the_variables_made_too_large_forbids_no_other_change(browser: Client, settings: Settings) -> None:
    before = {**VALUES, "container_pool_limit": 3}
    Configuration.objects.change(Configuration.objects.of(django_settings.WF_NODE), **before)
    settings.WF_POOL_MEMORY = 5 * settings.WF_FUNCTION_MEMORY
    browser.post(page_of(browser), form(browser, container_pool_limit=3, rest_container_life_time=20))
    assert stored() == {**before, "rest_container_life_time": 20}
    browser.post(page_of(browser), form(browser, container_pool_limit=3, container_pool_num=3))
    assert stored()["container_pool_num"] == 2


def test_nobody_adds_or_deletes_one(browser: Client) -> None:
    page = page_of(browser)
    assert browser.get(f"{LIST}add/").status_code == 403
    assert browser.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 403
    browser.post(LIST, {"action": "delete_selected", "_selected_action": [row().pk], "post": "yes"})
    assert Configuration.objects.count() == 1


def test_staff_need_the_permission(browser: Client) -> None:
    page, sent = page_of(browser), form(browser)
    looking = staff("view_configuration")
    assert looking.get(page).status_code == 200
    assert looking.post(page, sent).status_code == 403
    assert stored()["using_rest_mode"] is False
