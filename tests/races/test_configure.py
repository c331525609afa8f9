"""`/configure` by several callers at once: changes of different parameters all hold, and none is half applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from functions.models import Configuration
from tests.races.windows import at_once, overtaken

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import Settings

pytestmark = pytest.mark.usefixtures("settled", "platform")

CHANGES = {
    "user_code_size_limit": 5000,
    "container_pool_limit": 0,
    "container_pool_num": 7,
    "using_rest_mode": True,
    "rest_container_life_time": 77,
}


@pytest.fixture(autouse=True)
def _row(transactional_db: None) -> None:
    Configuration.objects.of(django_settings.WF_NODE)


def ask(**values: Any) -> Callable[[], tuple[int, Any]]:
    def work() -> tuple[int, Any]:
        response = Client().get("/configure", values)
        return response.status_code, response.json()

    return work


def stored(name: str) -> Any:
    return getattr(Configuration.objects.get(), name)


def test_five_changes_of_different_parameters_at_once_all_hold() -> None:
    answers = at_once([ask(**{name: value}) for name, value in CHANGES.items()])
    assert [(status, body["Message"]) for status, body in answers] == [(200, "configure changed")] * len(CHANGES)
    assert {name: stored(name) for name in CHANGES} == CHANGES


def test_who_is_overtaken_answers_with_both_changes() -> None:
    slow, fast = overtaken(ask(container_pool_num=7), ask(rest_container_life_time=77))
    assert fast[1]["State"]["ContainerPoolNum"] == 6
    assert (slow[1]["State"]["ContainerPoolNum"], slow[1]["State"]["RestContainerLifeTime"]) == (7, 77)


def test_who_is_overtaken_by_the_same_change_has_nothing_to_do() -> None:
    slow, fast = overtaken(ask(container_pool_num=7), ask(container_pool_num=7))
    assert (fast[1]["Message"], slow[1]["Message"]) == ("configure changed", "nothing changed")


def test_two_changes_that_only_together_are_too_large_do_not_both_come_through(settings: Settings) -> None:
    settings.WF_POOL_MEMORY = 30 * settings.WF_FUNCTION_MEMORY
    slow, fast = overtaken(ask(container_pool_num=7, using_rest_mode=True), ask(container_pool_limit=5))
    assert (fast[0], slow[0]) == (200, 400)
    assert "5 x 7" in slow[1]["Message"]
    assert (stored("container_pool_limit"), stored("container_pool_num"), stored("using_rest_mode")) == (5, 6, False)
