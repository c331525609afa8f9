"""The story of one call, from a name and an event to an answer. At most one run, ever."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import DatabaseError

from functions.build import images
from functions.crashpoint import crashpoint
from functions.engine.docker import NoSuchImage, NoSuchThing
from functions.errors import DatabaseUnavailable, EngineUnavailable, WorkerFrontError
from functions.invoke import aftermath, conversation, outcome, place, record, routes
from functions.invoke.admission import admission, refuse_while_draining
from functions.invoke.call import Answer, Call, Run
from functions.invoke.outcome import Outcome
from functions.invoke.stages import Stages
from functions.models import Image
from functions.models.execution import StartType
from functions.pool.container import DiedWhileLoading
from functions.pool.options import Options, resolve

if TYPE_CHECKING:
    from functions.build.images import Ready
    from functions.build.platform import Platform
    from functions.invoke.place import Place, Shared
    from functions.invoke.routes import Route, Warm

logger = logging.getLogger(__name__)

ROUNDS = 3  # so often an image or container may vanish under us before the function has begun


def invoke(call: Call, platform: Platform) -> Answer:
    """Runs the function once. Errors after the row exists are in the answer; those before it are raised."""
    refuse_while_draining()
    route = routes.find(call.name, platform)
    row = record.draft(call, route.function, platform.node)
    run = Run(call, route.function, row, platform, Stages(call.arrived), route.configuration)
    result = _outcome(run, route)
    crashpoint("ran")
    _finish(run, result)
    aftermath.look_around(run)
    return Answer(run.execution, result, run.stages)


def _finish(run: Run, result: Outcome) -> None:
    """The function may have run: its answer is given even when the record cannot be closed now."""
    try:
        record.finish(run, result)
    except DatabaseError:
        logger.exception("call %s: its record could not be closed; it is tried once more", run.execution.pk)
        aftermath.finish(run, result)


def _outcome(run: Run, route: Route) -> Outcome:
    try:
        return _warm(run, route) or _rounds(run)
    except WorkerFrontError as error:
        return Outcome(error=error)
    except DatabaseError:
        logger.exception("call %s: the database failed", run.execution.pk)
        return Outcome(error=DatabaseUnavailable())
    except Exception:
        logger.exception("call %s failed inside the worker", run.execution.pk)
        return Outcome(error=WorkerFrontError())


def _warm(run: Run, route: Route) -> Outcome | None:
    """By the long-lived container that is known to serve. None when there is none, or it ends just now."""
    if route.warm is None:
        return None
    with admission().slot(run.stages):
        found = place.knock(run, route.warm)
        return _knocked(run, route.warm, found) if found else None


def _knocked(run: Run, warm: Warm, found: Shared) -> Outcome | None:
    """The row is written while its agent makes itself ready. None when it does not."""
    _note(run, warm.image, found)
    try:
        conversation.begin(run, warm.options)
        return conversation.serve(run, found, warm.options) if _is_ready(run, found) else None
    finally:
        found.leave()


def _is_ready(run: Run, found: Shared) -> bool:
    """When it is not, nothing has been sent, and the row says so."""
    is_ready = False
    try:
        is_ready = place.is_ready(run, found)
    finally:
        if not is_ready:
            record.put_back(run)
    return is_ready


def _rounds(run: Run) -> Outcome:
    record.enqueue(run)
    for _ in range(ROUNDS):
        ready = _ready_image(run)
        try:
            with admission().slot(run.stages):  # not before: a long build must not keep others from running
                return _placed(run, ready.image, _options(run, ready.image))
        except NoSuchThing as gone:
            logger.warning("call %s: %s; trying again", run.execution.pk, gone.message)
    raise EngineUnavailable("The function's image or container was taken away three times before it could run.")


def _ready_image(run: Run) -> Ready:
    with run.stages.measure("build"):
        ready = images.ensure(run.function, run.platform)
    run.execution.image_built = run.execution.image_built or ready.built
    return ready


def _options(run: Run, image: Image) -> Options:
    return resolve(run.function, image, rest_mode=run.configuration.using_rest_mode)


def _placed(run: Run, image: Image, options: Options) -> Outcome:
    try:
        found = place.find(run, image, options)
    except NoSuchImage:
        Image.objects.lost(image.pk, image.image_id)
        raise
    except DiedWhileLoading as death:
        run.log.add(death.output)
        return outcome.of_death(death.end, death.output)
    return _served(run, image, found, options)


def _served(run: Run, image: Image, found: Place, options: Options) -> Outcome:
    _note(run, image, found)
    try:
        conversation.begin(run, options)
        return conversation.serve(run, found, options)
    finally:
        found.leave()


def _note(run: Run, image: Image, found: Place) -> None:
    """The call has its container."""
    row = run.execution
    row.version, row.image_name, row.container_name = image.version, image.tag, found.container.name
    row.start_type = StartType.BUILT if row.image_built else found.start_type
    crashpoint("container-started")
