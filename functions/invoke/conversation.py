"""The talk with one container's agent: ready, call, logs, and the one frame that ends it."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from django.conf import settings

from functions.engine.channel import ChannelBroken, ChannelClosed, DeadlinePassed
from functions.engine.docker import NoSuchThing
from functions.errors import EngineUnavailable, FunctionTimeout, OutcomeUnknown, StartTimeout
from functions.invoke import outcome, record
from functions.invoke.outcome import Outcome

if TYPE_CHECKING:
    from functions.engine.channel import Channel
    from functions.invoke.call import Run
    from functions.invoke.launch import Container
    from functions.invoke.options import Options

Frame = dict[str, Any]


def serve(run: Run, container: Container, options: Options) -> Outcome:
    """The event in, the outcome out. The agent loads user code as soon as we connect: the function has begun before."""
    record.begin(run, options.timeout_s)
    try:
        return _talk_or_death(run, container, options)
    except EngineUnavailable as error:  # nobody may be told to try again
        raise OutcomeUnknown from error


def _talk_or_death(run: Run, container: Container, options: Options) -> Outcome:
    try:
        return _talk(run, container, options)
    except ChannelClosed:
        return _death(run, container)
    except ChannelBroken:
        return outcome.of_nonsense()
    except NoSuchThing:
        return outcome.of_death(None, "")


def _talk(run: Run, container: Container, options: Options) -> Outcome:
    with run.stages.measure("start"):
        channel = container.connect()
    with closing(channel):
        with run.stages.measure("start"):
            _await_ready(channel)
        with run.stages.measure("exec"):
            return _exchange(run, container, channel, options)


def _await_ready(channel: Channel) -> None:
    try:
        frame = channel.receive(time.monotonic() + settings.WF_BOOT_TIMEOUT_SECONDS)
    except DeadlinePassed as error:
        raise StartTimeout from error
    if frame.get("type") != "ready":
        raise ChannelBroken


def _exchange(run: Run, container: Container, channel: Channel, options: Options) -> Outcome:
    deadline = time.monotonic() + options.timeout_s
    try:
        channel.send(_call_frame(run, options), deadline)
        return outcome.of_frame(_last_frame(run, channel, deadline), settings.WF_BODY_LIMIT)
    except DeadlinePassed:
        container.remove()  # the caller hears of a timeout when the function is dead
        return Outcome(error=FunctionTimeout(f"The function ran longer than {options.timeout_s} s and was ended."))


def _call_frame(run: Run, options: Options) -> Frame:
    context = {
        "call_id": run.call.call_id,
        "function_name": run.function.name,
        "function_version": run.execution.version,
        "memory_limit_in_mb": options.memory >> 20,
        "deadline_ms": int((time.time() + options.timeout_s) * 1000),
    }
    return {
        "type": "call",
        "id": str(run.execution.pk),
        "event": run.call.event,
        "context": context,
        "lifetime_s": None,
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
