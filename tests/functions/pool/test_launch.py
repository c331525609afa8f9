"""What a container is started with, by its level of isolation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.models.function import Isolation
from functions.pool import launch
from functions.pool.options import resolve

if TYPE_CHECKING:
    from pytest_django import Settings

    from functions.build.platform import Platform
    from functions.models import Image
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled")

MEMORY = 64 << 20
EXPECTED: dict[Isolation, dict[str, Any]] = {
    Isolation.CONTAINER: {"Memory": MEMORY, "PidsLimit": 256, "Init": False},
    Isolation.PROCESS: {"Memory": 3 * MEMORY, "PidsLimit": 1024, "Init": True},
    Isolation.SHARED: {"Memory": MEMORY, "PidsLimit": 256, "Init": True},
}


@pytest.mark.parametrize("level", Isolation)
def test_what_a_container_has_for_its_calls_and_that_an_init_reaps_what_many_leave(
    image: Image, platform: Platform, fake_engine: FakeEngine, settings: Settings, level: Isolation
) -> None:
    settings.WF_CONTAINER_CONCURRENCY = 3
    image.function.isolation, image.function.memory = level, MEMORY
    wanted = launch.Launch(image, resolve(image.function, image, rest_mode=False), "name", "folder", {}, 10)
    launch.start(platform, wanted)
    (made,) = fake_engine.made.values()
    assert EXPECTED[level].items() <= made["HostConfig"].items()
    assert ("WF_ALONE=1" in made["Env"]) is EXPECTED[level]["Init"]
