"""The story of one call, from a name and an event to an answer. At most one run, ever."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from django.db import DatabaseError

from functions.build import catalog, images
from functions.engine.docker import NoSuchImage, NoSuchThing
from functions.errors import DatabaseUnavailable, EngineUnavailable, WorkerFrontError
from functions.invoke import aftermath, conversation, launch, record
from functions.invoke.admission import admission
from functions.invoke.call import Answer, Call, Run
from functions.invoke.options import Options, resolve
from functions.invoke.outcome import Outcome
from functions.invoke.stages import Stages
from functions.models import Image
from functions.models.execution import StartType

if TYPE_CHECKING:
    from functions.build.images import Ready
    from functions.build.platform import Platform

logger = logging.getLogger(__name__)

ROUNDS = 3  # so often an image or container may vanish under us before the function has begun
STARTS_IN_FLIGHT = 4  # the engine starts containers no faster when asked for more at once
START_WAIT_S = 60
_STARTS = threading.BoundedSemaphore(STARTS_IN_FLIGHT)


def invoke(call: Call, platform: Platform) -> Answer:
    """Runs the function once. Errors after the row exists are in the answer; those before it are raised."""
    function, stages = catalog.find(call.name, platform.source), Stages(call.arrived)
    run = Run(call, function, record.open_row(call, function, platform.node), platform, stages)
    result = _outcome(run)
    _finish(run, result)
    aftermath.look_around(function)
    return Answer(run.execution, result, stages)


def _finish(run: Run, result: Outcome) -> None:
    """The function may have run: its answer is given even when the record cannot be closed now."""
    try:
        record.finish(run, result)
    except DatabaseError:
        logger.exception("call %s: its record could not be closed; it is tried once more", run.execution.pk)
        aftermath.finish(run, result)


def _outcome(run: Run) -> Outcome:
    try:
        return _rounds(run)
    except WorkerFrontError as error:
        return Outcome(error=error)
    except DatabaseError:
        logger.exception("call %s: the database failed", run.execution.pk)
        return Outcome(error=DatabaseUnavailable())
    except Exception:
        logger.exception("call %s failed inside the worker", run.execution.pk)
        return Outcome(error=WorkerFrontError())


def _rounds(run: Run) -> Outcome:
    for _ in range(ROUNDS):
        ready = _ready_image(run)
        try:
            with admission().slot(run.stages):  # not before: a long build must not keep others from running
                return _served(run, ready.image, resolve(run.function, ready.image))
        except NoSuchThing as gone:
            logger.warning("call %s: %s; trying again", run.execution.pk, gone.message)
    raise EngineUnavailable("The function's image or container was taken away three times before it could run.")


def _ready_image(run: Run) -> Ready:
    with run.stages.measure("build"):
        ready = images.ensure(run.function, run.platform)
    row = run.execution
    row.version, row.image_name = ready.image.version, ready.image.tag
    row.image_built = row.image_built or ready.built
    row.start_type = StartType.BUILT if row.image_built else StartType.COLD
    return ready


def _served(run: Run, image: Image, options: Options) -> Outcome:
    container = _started(run, image, options)
    run.execution.container_name = container.name
    try:
        return conversation.serve(run, container, options)
    finally:
        aftermath.remove(container)


def _started(run: Run, image: Image, options: Options) -> launch.Container:
    with run.stages.measure("queue"):
        if not _STARTS.acquire(timeout=START_WAIT_S):
            raise EngineUnavailable("The Docker engine starts containers too slowly for the calls that wait.")
    try:
        with run.stages.measure("start"):
            return launch.create(run, image, options)
    except NoSuchImage:
        Image.objects.lost(image.pk, image.image_id)
        raise
    finally:
        _STARTS.release()
