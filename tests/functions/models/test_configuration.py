"""The node's configuration: first values from the settings, then changed as a whole, never half, never over another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError

from functions.models import Configuration

if TYPE_CHECKING:
    from pytest_django import Settings

pytestmark = pytest.mark.django_db

VALUES = {
    "user_code_size_limit": 1000,
    "container_pool_limit": 3,
    "container_pool_num": 4,
    "using_rest_mode": True,
    "rest_container_life_time": 77,
}


def values(node: str = "n") -> dict[str, Any]:
    found: dict[str, Any] = Configuration.objects.filter(node=node).values(*VALUES).get()
    return found


@pytest.fixture(autouse=True)
def _settings(settings: Settings) -> None:
    for name, value in VALUES.items():
        setattr(settings, name.upper(), value)


def test_the_settings_give_the_first_values_and_only_those(settings: Settings) -> None:
    first = Configuration.objects.of("n")
    assert values() == VALUES
    settings.CONTAINER_POOL_NUM = 9
    assert Configuration.objects.of("n") == first
    assert values() == VALUES


def test_each_node_has_its_own() -> None:
    one, other = Configuration.objects.of("n"), Configuration.objects.of("other")
    assert one != other
    assert Configuration.objects.change(one, container_pool_num=9)
    assert (values()["container_pool_num"], values("other")) == (9, VALUES)


def test_a_change_is_made_as_a_whole() -> None:
    seen = Configuration.objects.of("n")
    wanted = {"user_code_size_limit": -1, "container_pool_limit": -1, "using_rest_mode": False}
    assert Configuration.objects.change(seen, **wanted)
    assert values() == {**VALUES, **wanted}
    assert Configuration.objects.of("n").changed_at > seen.changed_at


def test_a_change_of_what_somebody_has_changed_meanwhile_is_refused() -> None:
    seen, also_seen = Configuration.objects.of("n"), Configuration.objects.of("n")
    assert Configuration.objects.change(seen, container_pool_limit=5)
    assert not Configuration.objects.change(also_seen, container_pool_limit=6, container_pool_num=6)
    assert values() == {**VALUES, "container_pool_limit": 5}
    assert Configuration.objects.change(Configuration.objects.of("n"), container_pool_limit=6)


@pytest.mark.parametrize(
    ("name", "smallest"),
    [
        ("user_code_size_limit", -1),
        ("container_pool_limit", -1),
        ("container_pool_num", 1),
        ("rest_container_life_time", 1),
    ],
)
def test_a_value_below_the_smallest_is_not_valid(name: str, smallest: int) -> None:
    row = Configuration(node="n", **{**VALUES, name: smallest})
    row.clean_fields()
    setattr(row, name, smallest - 1)
    with pytest.raises(ValidationError) as raised:
        row.clean_fields()
    assert list(raised.value.message_dict) == [name]
