"""The talk with one container's agent: ready, call, logs, and the one frame that ends it."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from django.conf import settings

from functions.crashpoint import crashpoint
from functions.engine.channel import ChannelBroken, ChannelClosed, DeadlinePassed
from functions.engine.docker import NoSuchThing
from functions.errors import EngineUnavailable, FunctionTimeout, OutcomeUnknown
from functions.invoke import outcome, record
from functions.invoke.outcome import Outcome

if TYPE_CHECKING:
    from functions.engine.channel import Channel
    from functions.invoke.call import Run
    from functions.invoke.place import Place
    from functions.pool.container import Container
    from functions.pool.options import Options

Frame = dict[str, Any]


def begin(run: Run, options: Options) -> None:
    """The row's RUNNING. The agent of a fresh container loads user code as soon as we connect: not before this."""
    record.begin(run, options.timeout_s)
    crashpoint("running")


def serve(run: Run, place: Place, options: Options) -> Outcome:
    """The event in, the outcome out. From here on the function has begun, and is never run again."""
    try:
        return _talk_or_death(run, place, options)
    except EngineUnavailable as error:  # nobody may be told to try again
        raise OutcomeUnknown from error


def _talk_or_death(run: Run, place: Place, options: Options) -> Outcome:
    try:
        return _talk(run, place, options)
    except ChannelClosed:
        result = _death(run, place.container)
    except ChannelBroken:
        result = outcome.of_nonsense()
    except NoSuchThing:
        result = outcome.of_death(None, "")
    place.lost()
    return result


def _talk(run: Run, place: Place, options: Options) -> Outcome:
    with closing(place.channel or _connected(run, place.container)) as channel, run.stages.measure("exec"):
        return _exchange(run, place, channel, options)


def _connected(run: Run, container: Container) -> Channel:
    with run.stages.measure("start"):
        return container.connect_ready()


def _exchange(run: Run, place: Place, channel: Channel, options: Options) -> Outcome:
    deadline = time.monotonic() + options.timeout_s
    try:
        channel.send(_call_frame(run, options), deadline)
        return outcome.of_frame(_last_frame(run, channel, deadline), settings.WF_BODY_LIMIT)
    except DeadlinePassed:
        place.end_call()  # the caller hears of a timeout when the function is dead
        return Outcome(error=FunctionTimeout(f"The function ran longer than {options.timeout_s} s and was ended."))


def _call_frame(run: Run, options: Options) -> Frame:
    context = {
        "call_id": run.call.call_id,
        "function_name": run.function.name,
        "function_version": run.execution.version,
        "memory_limit_in_mb": options.memory >> 20,
        "deadline_ms": int((time.time() + options.timeout_s) * 1000),
    }
    return {  # in this order: docs/agents.md
        "type": "call",
        "id": str(run.execution.pk),
        "lifetime_s": run.configuration.rest_container_life_time,
        "context": context,
        "event": run.call.event,
    }


def _last_frame(run: Run, channel: Channel, deadline: float) -> Frame:
    while True:
        frame = channel.receive(deadline)
        if frame.get("type") in ("result", "error"):
            return frame
        if frame.get("type") == "log":
            run.log.add(str(frame.get("data", "")))


def _death(run: Run, container: Container) -> Outcome:
    state, output = container.end_state(), container.last_output()
    run.log.add(output)
    return outcome.of_death(state, output)
