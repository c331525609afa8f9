"""Is the database whole, and of this release? One line for each fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

if TYPE_CHECKING:
    from collections.abc import Iterable


def faults() -> Iterable[str]:
    """SQLite checks itself; of another database every table of ours is read once."""
    try:
        yield from _pending()
        yield from _sqlite() if connection.vendor == "sqlite" else _readable()
    except DatabaseError as error:
        yield f"the database cannot be read: {error}"


def _pending() -> Iterable[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"migration {migration} has not been run" for migration, _backwards in plan]


def _sqlite() -> Iterable[str]:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        yield from (line for (line,) in cursor.fetchall() if line != "ok")
        cursor.execute("PRAGMA foreign_key_check")
        yield from (f"{table} row {row} names a row of {parent} that there is not" for table, row, parent, _ in cursor)


def _readable() -> Iterable[str]:
    for model in apps.get_app_config("functions").get_models():
        model._default_manager.count()
    return []
