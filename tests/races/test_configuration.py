"""The configuration of a node at once: one row, and one of many changes, as a whole."""

from __future__ import annotations

import pytest

from functions.models import Configuration
from tests.races.windows import at_once

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 20


def test_the_configuration_of_a_node_is_made_once_by_twenty() -> None:
    found = at_once([lambda: Configuration.objects.of("n").pk] * PEOPLE)
    assert len(set(found)) == 1


def test_one_of_twenty_changes_of_the_same_configuration_holds_as_a_whole() -> None:
    seen = Configuration.objects.of("n")

    def change(number: int) -> bool:
        values = {"container_pool_num": number, "container_pool_limit": number, "rest_container_life_time": number}
        return Configuration.objects.change(seen, **values)

    changed = at_once([lambda number=number: change(number) for number in range(1, PEOPLE + 1)])
    assert changed.count(True) == 1
    row, won = Configuration.objects.get(), changed.index(True) + 1
    assert (row.container_pool_num, row.container_pool_limit, row.rest_container_life_time) == (won, won, won)
