"""Builds one image: fetch, examine, send to the engine, record. Runs in a django-q2 worker, else in a thread."""

from __future__ import annotations

import logging
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings

from functions import liveness
from functions.build import context, package, recipe
from functions.build.heartbeat import heartbeat
from functions.build.log import BuildLog
from functions.crashpoint import crashpoint
from functions.engine import host_config, labels
from functions.engine.docker import NoSuchImage
from functions.errors import BuildFailed, BuildTimeout, WorkerFrontError
from functions.models import Function, Image

if TYPE_CHECKING:
    import uuid

    from functions.build.package import Package
    from functions.build.platform import Platform

logger = logging.getLogger(__name__)

ATTEMPTS = 3


def build(pk: int, token: uuid.UUID, platform: Platform) -> None:
    """Builds the image if its row still waits for this token; whatever happens is written in the row."""
    if not Image.objects.begin_build(pk, token, liveness.me()):
        return
    crashpoint("building")
    image = Image.objects.select_related("function").get(pk=pk)
    log = BuildLog()
    with heartbeat(pk, token, settings.WF_BUILD_TIMEOUT_SECONDS, log):
        try:
            built = _built(image, platform, log)
        except WorkerFrontError as error:
            Image.objects.fail(pk, token, code=error.code, error=error.message, log=log.text())
        except Exception:
            logger.exception("the build of %s failed inside the worker", image)
            Image.objects.fail(pk, token, code=WorkerFrontError.code, error=WorkerFrontError().message, log=log.text())
        else:
            if Image.objects.ready(pk, token, **built):
                _drop_predecessor(image, built["image_id"], platform)


def _built(image: Image, platform: Platform, log: BuildLog) -> dict[str, Any]:
    """The fields of a READY row."""
    function = image.function
    with tempfile.TemporaryDirectory(dir=settings.WF_HOME / "work") as scratch:
        fetched = package.fetch(function, platform.source, Path(scratch))
        Function.objects.fetched(function, fetched.etag)
        found = package.examine(fetched.path, function.name, function.runtime)
        image_id = _unchanged(image, found, platform) or _image_id(image, found, platform, log, Path(scratch))
    Function.objects.settle(function, found.version)
    return {
        "image_id": image_id,
        "version": found.version,
        "runtime": found.runtime.name,
        "recipe": recipe.digest(found.runtime),
        "config": found.config(),
        "size": platform.engine.image(image_id)["Size"],
        "code_size": found.code_size,
        "log": log.text() or image.log,
    }


def _unchanged(image: Image, found: Package, platform: Platform) -> str:
    """The id of the image that we have, when it is of this very package and the engine still has it."""
    wanted = (found.version, found.runtime.name, recipe.digest(found.runtime))
    if not image.image_id or (image.version, image.runtime, image.recipe) != wanted:
        return ""
    try:
        return str(platform.engine.image(image.image_id)["Id"])
    except NoSuchImage:
        return ""


def _image_id(image: Image, found: Package, platform: Platform, log: BuildLog, scratch: Path) -> str:
    with (scratch / "context.tar").open("w+b") as tar:
        dockerfile = recipe.dockerfile(found.runtime, labels.build_layer(platform.instance))
        context.write(found, dockerfile, tar)
        options = {
            "tag": recipe.reference(image.tag),
            "labels": labels.image(platform.instance, platform.node, image.function.name, found.version),
            "buildargs": recipe.build_arguments(found.runtime),
            "timeout": settings.WF_BUILD_TIMEOUT_SECONDS,
            **host_config.build(settings.WF_BUILD_MEMORY),
        }
        platform.engine.ensure_network()
        _follow(tar, options, platform, log)
    if log.error or not log.image_id:
        _quietly_remove(log.last_layer(), platform)
        raise BuildFailed(log.explanation())
    return log.image_id


def _follow(tar: IO[bytes], options: dict[str, Any], platform: Platform, log: BuildLog) -> None:
    """Builds, once more when the engine has lost a layer under it: no sweep or eviction can know which one it takes."""
    deadline = time.monotonic() + settings.WF_BUILD_TIMEOUT_SECONDS
    for _ in range(ATTEMPTS):
        tar.seek(0)
        log.begin()
        for message in platform.engine.build(tar, **options):
            log.add(message)
            if time.monotonic() > deadline:  # to stop listening cancels the build
                raise BuildTimeout
        if not log.has_lost_layer:
            return


def _drop_predecessor(before: Image, image_id: str, platform: Platform) -> None:
    """The last version's image goes; one that a call still uses is left to the next sweep."""
    if before.image_id != image_id:
        _quietly_remove(before.image_id, platform)


def _quietly_remove(image_id: str, platform: Platform) -> None:
    if not image_id:
        return
    try:
        platform.engine.remove_image(image_id)
    except WorkerFrontError as error:
        logger.info("image %s stays until the next sweep: %s", image_id, error.message)
