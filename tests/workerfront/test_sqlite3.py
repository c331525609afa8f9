"""The engine for SQLite: statements are remembered in its spelling, and mean what they meant."""

from __future__ import annotations

import pytest
from django.db.utils import ConnectionHandler

MEMORY = {"default": {"ENGINE": "workerfront.sqlite3", "NAME": ":memory:"}}


@pytest.mark.django_db  # else no database may be opened, this one neither
@pytest.mark.parametrize(
    ("statement", "given", "found"),
    [
        ("SELECT %s || %s", ("a", "b"), "ab"),
        ("SELECT %s || '100%%'", ("a",), "a100%"),
        ("SELECT '100%%'", (), "100%"),
        ("SELECT %(one)s || %(two)s", {"two": "b", "one": "a"}, "ab"),
        ("SELECT '100%%'", None, "100%%"),
    ],
)
def test_parameters_of_all_kinds(statement: str, given: object, found: str) -> None:
    database = ConnectionHandler(MEMORY)["default"]
    with database.temporary_connection() as cursor:
        for _ in range(2):
            cursor.execute(statement, given)
            assert cursor.fetchone() == (found,)
