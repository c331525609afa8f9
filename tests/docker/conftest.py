"""Workers of this ring's own, stopped as an operator would stop them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.worker import Worker


@pytest.fixture
def started(own_worker: Worker) -> Iterator[Callable[..., Worker]]:
    """Starts the test's own worker with these variables; it is stopped at the end."""

    def start(**environment: str) -> Worker:
        own_worker.environment |= environment
        own_worker.start()
        return own_worker

    yield start
    own_worker.stop()
