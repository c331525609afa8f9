"""Every bundled sample, deployed as the README says and called once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.samples import cases

if TYPE_CHECKING:
    from tests.worker import Worker

NOISY = ("PythonNumpy", "NodeSlug", "JavaPoint")


@pytest.mark.parametrize("name", cases.names())
def test_it_answers(samples: Worker, name: str) -> None:
    wanted = cases.case(name, "1")
    wanted.check(samples.execute(name, wanted.event))
