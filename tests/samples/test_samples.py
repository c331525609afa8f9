"""Every bundled sample, deployed as the README says and called once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.samples import cases

if TYPE_CHECKING:
    from tests.worker import Worker

PRINTED = {
    "PythonNumpy": ("numpy 1.21.6", "größe: (2, 2) ✓", "call samples-PythonNumpy has"),
    "NodeSlug": ("title: Zoë 1 ✓", "call samples-NodeSlug has"),
    "JavaPoint": ("point: Zoë 1 ✓", "call samples-JavaPoint has"),
}


@pytest.mark.parametrize("name", cases.names())
def test_it_answers_and_what_it_prints_is_in_the_log(samples: Worker, name: str) -> None:
    wanted = cases.case(name, "1")
    wanted.check(samples.execute(name, wanted.event, X_Call_Id=f"samples-{name}"))
    log = logged(samples, f"samples-{name}")
    assert [text for text in PRINTED.get(name, ()) if text not in log] == []


def test_every_sample_is_in_the_readme() -> None:
    readme = (cases.FOLDER / "README.md").read_text()
    assert [name for name in cases.names() if f"[{name}](" not in readme] == []


def logged(worker: Worker, call_id: str) -> str:
    question = "SELECT log FROM functions_execution WHERE call_id = ?"
    with closing(sqlite3.connect(f"file:{worker.home / 'db.sqlite3'}?mode=ro", uri=True)) as database:
        return str(database.execute(question, [call_id]).fetchone()[0])
