"""`ensure`: a ready image of the wanted version. One caller starts the build, all wait for the row."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from functions import dispatch, errors
from functions.build import catalog, recipe
from functions.errors import BuildFailed, BuildTimeout, FunctionNotFound
from functions.models import Function, Image
from functions.models.image import ImageState

if TYPE_CHECKING:
    from functions.build.platform import Platform

BUILD_TASK = "functions.tasks.build_image"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.2
LOG_TAIL = 2000  # characters of the build log in an error's message


@dataclass(frozen=True)
class Ready:
    """An image that may be started; `built` when this call had to wait for it."""

    image: Image
    built: bool


def ensure(function: Function, platform: Platform) -> Ready:
    """Pins a READY image. Raises what the build failed with, or BuildTimeout."""
    image = Image.objects.of(function, platform.node)
    if _pinned(image):
        return Ready(image, built=False)
    _reconsider_failure(image, platform)
    deadline, pause = time.monotonic() + settings.WF_BUILD_TIMEOUT_SECONDS, FIRST_PAUSE_S
    while time.monotonic() < deadline:
        image = _seen_again(image)
        if _pinned(image):
            return Ready(image, built=True)
        _advance(image)
        time.sleep(pause)
        pause = min(pause * 1.3, LONGEST_PAUSE_S)
    raise BuildTimeout


def request(function: Function, node: str, *, now: bool = False) -> bool:
    """Starts a build when there is something to build. `now`: anew, whatever is there and whatever the back-off."""
    image = Image.objects.of(function, node)
    if now:
        Function.objects.outdate(function.pk)
        Image.objects.retry_now(image.pk)
        Image.objects.distrust(image.pk)
        image = _seen_again(image)
    return _enqueue(image)


def is_usable(image: Image) -> bool:
    """Ready, of the wanted version, and built by this release's agent and template."""
    return image.is_current and image.recipe == recipe.digest(recipe.runtime(image.runtime))


def _pinned(image: Image) -> bool:
    if is_usable(image):
        return Image.objects.pin(image.pk, image.version)
    if image.is_current:
        Image.objects.distrust(image.pk)
    return False


def _seen_again(image: Image) -> Image:
    seen = Image.objects.without_log().select_related("function").filter(pk=image.pk).first()
    if seen is None:
        raise FunctionNotFound
    return seen


def _advance(image: Image) -> None:
    """What a waiting caller does about the state it sees. It writes only when there is something to change."""
    now = timezone.now()
    if image.is_in_progress:
        if image.is_overdue(now):
            Image.objects.filter(pk=image.pk).expire(now)  # of another node's builders we know nothing
    elif image.rests(now):
        _raise_failure(image)
    else:
        _enqueue(image)


def _enqueue(image: Image) -> bool:
    token = Image.objects.enqueue(image.pk, image.function.version)
    if token:
        dispatch.enqueue(BUILD_TASK, image.pk, str(token))
    return token is not None


def _reconsider_failure(image: Image, platform: Platform) -> None:
    """A package that was mended need not wait for the back-off of the broken one."""
    if image.state != ImageState.FAILED or not catalog.change_is_due(image.function):
        return
    if catalog.look_for_change(image.function.pk, platform.source):
        Image.objects.retry_now(image.pk)


def _raise_failure(image: Image) -> None:
    kind = errors.by_code(image.error_code, BuildFailed)
    tail = image.log[-LOG_TAIL:] if kind is BuildFailed else ""
    raise kind(f"{image.error}\n{tail}".strip())
