"""What a worker has written in its database, read past it: a management command would take a second for each look."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.worker import Reply, Worker

OPEN = ("QUEUED", "RUNNING")


def rows(worker: Worker, query: str, arguments: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The rows of a query, by column."""
    uri = f"{(worker.home / 'db.sqlite3').as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=10)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(query, arguments)]


def execution(worker: Worker, reply: Reply) -> dict[str, Any]:
    """The one row of an answered call; it must have ended."""
    found = rows(worker, "SELECT * FROM functions_execution WHERE call_id = ?", [header(reply, "X-Call-Id")])
    assert len(found) == 1, f"{len(found)} rows of one call"
    assert found[0]["state"] not in OPEN
    assert found[0]["finished_at"]
    return found[0]


def executions(worker: Worker) -> int:
    """How many calls the worker has ever taken."""
    count: int = rows(worker, "SELECT COUNT(*) AS calls FROM functions_execution")[0]["calls"]
    return count


def image(worker: Worker, function: str) -> dict[str, Any]:
    """The row of a function's image."""
    query = (
        "SELECT image.* FROM functions_image image JOIN functions_function function ON function.id = image.function_id "
        "WHERE function.name = ?"
    )
    return rows(worker, query, [function])[0]


def header(reply: Reply, name: str) -> str:
    """A header whatever its case; servers differ in it. Empty when it is not there."""
    return {key.lower(): value for key, value in reply.headers.items()}.get(name.lower(), "")
