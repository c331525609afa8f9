"""A worker of its own for the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.samples import cases
from tests.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A running worker to which every sample was deployed with the command that the README gives."""
    with Worker(tmp_path_factory.mktemp("samples") / "home") as worker:
        worker.manage("deploy", *(str(cases.FOLDER / name) for name in cases.names()))
        yield worker
