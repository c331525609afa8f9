"""Every bundled sample, deployed as the README says and called once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract import records
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
    reply = samples.execute(name, wanted.event, X_Call_Id=f"samples-{name}")
    wanted.check(reply)
    log = records.execution(samples, reply)["log"]
    assert [text for text in PRINTED.get(name, ()) if text not in log] == []


def test_every_sample_is_in_the_readme() -> None:
    readme = (cases.FOLDER / "README.md").read_text()
    assert [name for name in cases.names() if f"[{name}](" not in readme] == []
