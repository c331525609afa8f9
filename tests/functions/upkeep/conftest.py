"""A real engine, and an instance of its own for each test."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from functions.build.platform import Platform
from functions.engine import host_config, labels
from functions.engine.docker import Engine
from functions.models import PoolEntry
from functions.models.image import ImageState
from functions.pool import kept
from functions.pool.container import remove_folder
from tests.functions.models import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.models import Image
    from functions.sources.folder import FolderSource
    from tests.functions.fake_engine import FakeEngine

BASE = "python:3.12-slim"


@pytest.fixture
def real(source: FolderSource) -> Iterator[Platform]:
    """The platform of an instance that nobody else is; what it leaves in the engine goes with the test."""
    platform = Platform(Engine(20), source, "test-node", f"unit-{secrets.token_hex(6)}")
    yield platform
    ours = {"workerfront.instance": platform.instance}
    for container in platform.engine.containers(ours):
        platform.engine.remove(container["Id"])
    for image in platform.engine.images(ours):
        platform.engine.remove_image(image["Id"])


@pytest.fixture
def container(real: Platform) -> Iterator[Callable[..., str]]:
    """Makes containers that would sleep for long, with these labels."""
    made: list[str] = []

    def make(labels: dict[str, str], image: str = BASE) -> str:
        wanted = host_config.Container(image, {}, labels, 64 << 20, 0, host_config.NO_NETWORK, None)
        config: dict[str, Any] = {**host_config.container(wanted), "Entrypoint": ["sleep", "1000"]}
        made.append(real.engine.create(f"wf-unit-{secrets.token_hex(6)}", config))
        real.engine.start(made[-1])
        return made[-1]

    yield make
    for container_id in made:
        real.engine.remove(container_id)


@pytest.fixture
def ready(platform: Platform, fake_engine: FakeEngine) -> Iterator[Callable[..., Image]]:
    """Makes images that are READY, in row and fake engine; what their containers leave goes with the test."""

    def make(name: str = "W1", **fields: Any) -> Image:
        image_id = f"sha256:{name}"
        label = labels.image(platform.instance, platform.node, name, rows.VERSION)
        fake_engine.built[image_id] = {"Id": image_id, "Labels": label}
        return rows.image(ImageState.READY, rows.function(name), **{"image_id": image_id, **fields})

    yield make
    for container_id in list(fake_engine.made):
        fake_engine.remove(container_id)
    for folder in (settings.WF_HOME / "channels").iterdir():
        remove_folder(folder)


@pytest.fixture
def own_pool(settled: None, platform: Platform) -> Iterator[None]:
    """Nothing is left to the next test."""
    yield
    for entry in PoolEntry.objects.all():
        kept.finish(entry, platform)
