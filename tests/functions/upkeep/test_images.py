"""Images that no row names, on a real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.engine import labels
from functions.engine.docker import NoSuchImage
from functions.models.image import ImageState
from functions.upkeep import images, reaper
from functions.upkeep.doctor import examination
from tests.functions.models import rows
from tests.functions.upkeep.conftest import BASE
from tests.worker import engine as docker_client

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.build.platform import Platform

pytestmark = pytest.mark.django_db


def labelled(**label: str) -> str:
    """The id of an image with these labels and nothing of its own."""
    changes = ["LABEL " + " ".join(f'{key}="{value}"' for key, value in label.items())] if label else []
    with docker_client() as client:
        container = client.containers.create(BASE)
        try:
            return str(container.commit(changes=changes).id)
        finally:
            container.remove()


def ours(platform: Platform, version: str) -> str:
    return labelled(**labels.image(platform.instance, platform.node, "W1", version))


def is_there(platform: Platform, image: str) -> bool:
    try:
        platform.engine.image(image)
    except NoSuchImage:
        return False
    return True


def test_an_image_without_a_row_goes_and_one_with_a_row_stays(real: Platform) -> None:
    orphan, named = ours(real, "v1"), ours(real, "v2")
    rows.image(ImageState.READY, image_id=named)
    reaper.sweep(real)
    assert (is_there(real, orphan), is_there(real, named)) == (False, True)


def test_an_image_that_somebody_has_made_of_ours_stays(real: Platform) -> None:
    theirs = ours(real, "v1")
    with docker_client() as client:
        client.images.get(theirs).tag("wf-test-made-of-ours")
    try:
        reaper.sweep(real)
        assert is_there(real, theirs)
        assert images.finished(real) == []
        rows.image(ImageState.READY, image_id=theirs)
        assert [row.is_foreign for row in examination.look(real).rows] == [False]
    finally:
        real.engine.remove_image(theirs)


def test_while_something_is_built_no_image_goes(real: Platform) -> None:
    orphan = ours(real, "v1")
    rows.image(ImageState.BUILDING)
    reaper.sweep(real)
    assert is_there(real, orphan)


def test_the_images_of_others_stay(real: Platform) -> None:
    foreign = labelled(**{"some.label": "x"})
    other = labelled(**labels.image("another instance", real.node, "W1", "v1"))
    reaper.sweep(real)
    try:
        assert is_there(real, foreign)
        assert is_there(real, other)
    finally:
        real.engine.remove_image(foreign)
        real.engine.remove_image(other)


def test_an_image_in_use_stays_for_the_next_sweep_and_does_not_stop_this_one(
    real: Platform, container: Callable[..., str]
) -> None:
    used, orphan = ours(real, "v1"), ours(real, "v2")
    user = container({}, image=used)
    reaper.sweep(real)
    assert (is_there(real, used), is_there(real, orphan)) == (True, False)
    real.engine.remove(user)
    reaper.sweep(real)
    assert not is_there(real, used)
