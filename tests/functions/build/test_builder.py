"""One build, with its end in the row: whatever happens, and only if the row still waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings

from functions.build import builder, catalog, images
from functions.errors import Conflict, EngineUnavailable
from functions.models import Function, Image
from functions.models.image import ImageState
from tests.functions.build.packages import PYTHON, package
from tests.functions.models import rows

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled")


def build(platform: Platform, token: uuid.UUID = rows.TOKEN, **fields: object) -> Image:
    image = rows.image(ImageState.QUEUED, **{"lease_token": rows.TOKEN, **fields})
    builder.build(image.pk, token, platform)
    return Image.objects.select_related("function").get(pk=image.pk)


def work_folders() -> list[Path]:
    return list((django_settings.WF_HOME / "work").iterdir())


def test_a_build_ends_ready_with_what_it_made(platform: Platform, fake_engine: FakeEngine, source_folder: Path) -> None:
    package(source_folder)
    image = build(platform)
    assert image.is_current
    assert image.image_id in fake_engine.built
    assert (image.runtime, image.size, image.config["handler"]) == ("python3.12", 1000, "main.lambda_handler")
    assert image.code_size == sum(map(len, PYTHON.values()))
    assert image.log.startswith("Step 1/1")
    stat = platform.source.stat("W1")
    assert stat
    assert image.function.source_etag == stat.etag
    assert work_folders() == []


def test_the_image_is_labelled_as_ours(platform: Platform, fake_engine: FakeEngine, source_folder: Path) -> None:
    package(source_folder)
    image = build(platform)
    assert fake_engine.built[image.image_id]["Labels"] == {
        "workerfront.instance": platform.instance,
        "workerfront.node": platform.node,
        "workerfront.role": "function",
        "workerfront.function": "W1",
        "workerfront.version": image.version,
    }


def test_a_task_that_is_delivered_twice_builds_once(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)
    image = build(platform)
    builder.build(image.pk, rows.TOKEN, platform)
    assert fake_engine.history.count("build") == 1


def test_a_task_of_another_token_does_nothing(platform: Platform, fake_engine: FakeEngine) -> None:
    assert build(platform, rows.OTHER_TOKEN).state == ImageState.QUEUED
    assert fake_engine.history == []


def test_the_same_package_is_not_built_again(platform: Platform, fake_engine: FakeEngine, source_folder: Path) -> None:
    package(source_folder)
    first = build(platform)
    Image.objects.filter(pk=first.pk).update(state=ImageState.QUEUED, lease_token=rows.TOKEN)
    builder.build(first.pk, rows.TOKEN, platform)
    again = Image.objects.select_related("function").get(pk=first.pk)
    assert again.is_current
    assert again.image_id == first.image_id
    assert again.log == first.log != ""
    assert fake_engine.history.count("build") == 1


def test_an_image_that_was_removed_by_hand_is_built_again(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)
    first = build(platform)
    fake_engine.built.clear()
    Image.objects.filter(pk=first.pk).update(state=ImageState.QUEUED, lease_token=rows.TOKEN)
    builder.build(first.pk, rows.TOKEN, platform)
    assert fake_engine.history.count("build") == 2


@pytest.mark.parametrize("in_use", [False, True])
def test_the_last_version_s_image_goes(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path, in_use: bool
) -> None:
    fake_engine.failing["remove_image"] = [Conflict("in use")] if in_use else []
    fake_engine.built["sha256:old"] = {"Id": "sha256:old"}
    package(source_folder)
    image = build(platform, image_id="sha256:old", version="old", runtime="python3.12")
    assert image.is_current
    assert ("sha256:old" in fake_engine.built) is in_use


def test_a_failed_build_keeps_the_engine_s_reason_and_removes_its_layers(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)
    fake_engine.built["0123456789ab"] = {}
    fake_engine.said = [{"stream": "Step 1\n ---> 0123456789ab\n"}, {"error": "pip failed"}]
    image = build(platform)
    assert (image.state, image.error_code) == (ImageState.FAILED, "build_failed")
    assert "pip failed" in image.error
    assert "Step 1" in image.log
    assert fake_engine.built == {}
    assert work_folders() == []


@pytest.mark.parametrize(("losses", "state"), [(2, ImageState.READY), (3, ImageState.FAILED)])
def test_a_build_whose_layer_was_removed_by_somebody_is_made_again(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path, losses: int, state: ImageState
) -> None:
    package(source_folder)
    built, lost = fake_engine.said, [{"error": "unknown parent image ID sha256:aaa"}]

    def lose() -> None:
        fake_engine.said = lost if fake_engine.history.count("build") <= losses else built

    fake_engine.before_build = lose
    assert build(platform).state == state
    assert fake_engine.history.count("build") == 3


def test_a_failed_build_is_not_taken_for_a_changed_package(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)
    fake_engine.said = [{"error": "pip failed"}]
    image = build(platform)
    assert not catalog.look_for_change(image.function_id, platform.source)
    package(source_folder, files={**PYTHON, "more.txt": ""})
    assert catalog.look_for_change(image.function_id, platform.source)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (None, "function_not_found"),
        ({"main.py": ""}, "source_invalid"),
        ({"config.json": '{"environment": "basic"}'}, "runtime_unknown"),
    ],
)
def test_each_error_is_in_the_row(
    platform: Platform, source_folder: Path, files: dict[str, str] | None, code: str
) -> None:
    if files is not None:
        package(source_folder, files=files)
    image = build(platform)
    assert (image.state, image.error_code) == (ImageState.FAILED, code)
    assert image.error


def test_an_engine_that_is_down_fails_the_build_as_such(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)
    fake_engine.failing["build"] = [EngineUnavailable()]
    assert build(platform).error_code == "engine_unavailable"


def test_a_fault_of_ours_fails_the_build_without_its_details(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)
    fake_engine.failing["build"] = [ZeroDivisionError("/secret/path")]
    image = build(platform)
    assert (image.state, image.error_code) == (ImageState.FAILED, "internal")
    assert "secret" not in image.error


def test_a_builder_that_was_overtaken_leaves_the_image_of_the_other(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)
    fake_engine.built["sha256:old"] = {"Id": "sha256:old"}

    def overtake() -> None:
        Image.objects.update(state=ImageState.READY, image_id="sha256:old", lease_token=None)

    fake_engine.before_build = overtake
    image = build(platform, image_id="sha256:old", version="old")
    assert (image.state, image.image_id) == (ImageState.READY, "sha256:old")
    assert "sha256:old" in fake_engine.built


def test_a_package_that_changed_while_it_was_built_is_built_again(
    platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> None:
    package(source_folder)

    def deploy() -> None:
        package(source_folder, files={**PYTHON, "more.txt": ""})
        Function.objects.outdate(Function.objects.get().pk)

    fake_engine.before_build = deploy
    image = build(platform)
    assert image.state == ImageState.READY
    assert not image.is_current
    fake_engine.before_build = lambda: None
    assert images.ensure(image.function, platform).image.code_size == sum(map(len, PYTHON.values()))
    assert fake_engine.history.count("build") == 2
