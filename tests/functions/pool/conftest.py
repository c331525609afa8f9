"""An image that is ready for containers; what they leave goes with the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from functions.models.image import ImageState
from functions.pool.container import remove_folder
from tests.functions.models import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.models import Image
    from tests.functions.fake_engine import FakeEngine


@pytest.fixture
def image(fake_engine: FakeEngine) -> Iterator[Image]:
    """READY, of a function with the node's isolation level."""
    image = rows.image(ImageState.READY)
    fake_engine.built[image.image_id] = {}
    yield image
    for container_id in list(fake_engine.made):
        fake_engine.remove(container_id)
    for folder in (settings.WF_HOME / "channels").iterdir():
        remove_folder(folder)
