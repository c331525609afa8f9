"""The two statements that every warm call makes. Django compiles their SQL once; then only the values are new, which
takes a third of the time that a query set needs.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.sql import InsertQuery, UpdateQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Model, QuerySet

PLAIN = (str, int, float, bool, type(None))  # types whose values every database takes as they are


def insert(row: Model) -> None:
    """A new row, as `save(force_insert=True)` writes it, without signals."""
    database = connections[DEFAULT_DB_ALIAS]
    values = [_prepared(field, getattr(row, field.attname), database) for field in row._meta.local_concrete_fields]
    with database.cursor() as cursor:
        cursor.execute(_insert_sql(type(row), database.vendor), values)
    row._state.adding, row._state.db = False, database.alias


@cache
def _insert_sql(model: type[Model], _vendor: str) -> str:
    query: Any = InsertQuery(model)
    query.insert_values(model._meta.local_concrete_fields, [model()])
    return str(query.get_compiler(DEFAULT_DB_ALIAS).as_sql()[0][0])


class Update:
    """What `rows().update(**fields)` does, for one WHERE clause. `keys` are the values of its parameters, in order."""

    def __init__(self, rows: Callable[[], QuerySet[Any]]) -> None:
        self._rows = rows
        self._compiled: dict[tuple[str, tuple[tuple[str, bool], ...]], str] = {}

    def run(self, keys: Iterable[Any], fields: Mapping[str, Any]) -> int:
        """The number of rows that were changed."""
        database, field = connections[DEFAULT_DB_ALIAS], self._model._meta.get_field
        values = [_prepared(field(name), value, database) for name, value in fields.items() if value is not None]
        with database.cursor() as cursor:
            cursor.execute(self._sql(fields, database.vendor), [*values, *keys])
            return int(cursor.rowcount)

    @cached_property
    def _model(self) -> type[Model]:
        return self._rows().model

    def _sql(self, fields: Mapping[str, Any], vendor: str) -> str:
        """NULL is a part of it, not a parameter."""
        shape = vendor, tuple((name, value is None) for name, value in fields.items())
        if shape not in self._compiled:
            query: Any = self._rows().query.chain(UpdateQuery)
            query.add_update_values(fields)
            self._compiled[shape] = str(query.get_compiler(DEFAULT_DB_ALIAS).as_sql()[0])
        return self._compiled[shape]


def _prepared(field: Any, value: Any, database: BaseDatabaseWrapper) -> Any:
    if type(value) in PLAIN:
        return value
    if isinstance(value, str):  # one of a field's choices
        return str(value)
    return field.get_db_prep_save(value, database)
