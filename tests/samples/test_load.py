"""A hundred calls of one sample for each language, and ten in turn. benchmarks/load.py does it with every sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.samples import cases, load
from tests.worker import eventually

if TYPE_CHECKING:
    from tests.worker import Worker


@pytest.mark.parametrize("name", cases.HELLO)
@pytest.mark.parametrize(("calls", "at_once"), [(10, 1), (100, 8)])
def test_every_call_gets_its_own_answer_and_leaves_one_row(
    samples: Worker, name: str, calls: int, at_once: int
) -> None:
    before = load.rows(samples, name)
    assert load.run(samples, name, calls, at_once).problems == []
    assert load.rows(samples, name) == {"SUCCEEDED": before.get("SUCCEEDED", 0) + calls}
    eventually(lambda: not load.leftovers(samples))
