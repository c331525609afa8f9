"""Where one call runs: a fresh container, a pre-warmed one, or the function's long-lived one. Found, used, left."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from functions.engine import labels
from functions.engine.channel import ChannelBroken, ChannelClosed
from functions.engine.docker import NoSuchThing
from functions.errors import EngineUnavailable, StartTimeout
from functions.invoke import aftermath
from functions.models.execution import StartType
from functions.models.function import Isolation
from functions.pool import kept, launch, long_lived, network, prewarmed

if TYPE_CHECKING:
    from functions.engine.channel import Channel
    from functions.invoke.call import Run
    from functions.invoke.routes import Warm
    from functions.models import Image, PoolEntry
    from functions.pool.container import Container
    from functions.pool.long_lived import Reached
    from functions.pool.options import Options

STARTS_IN_FLIGHT = 4  # the engine starts containers no faster when asked for more at once
START_WAIT_S = 60
KILL_GRACE_S = 2.0
CALL_LIFETIME_S = 60  # a fresh container that no call has reached by then, after the boot limit, ends by itself
_STARTS = threading.BoundedSemaphore(STARTS_IN_FLIGHT)


@dataclass
class Fresh:
    """A container for this call alone. Nobody has connected to it yet, so nothing of the function's has run."""

    container: Container
    start_type = StartType.COLD
    channel = None

    def end_call(self) -> None:
        """The call ran too long: it is dead when this returns."""
        self.container.remove()

    def lost(self) -> None:
        """Its agent broke off: it goes, as it would anyway."""

    def leave(self) -> None:
        """The call is over."""
        aftermath.remove(self.container)


@dataclass
class Prewarmed:
    """A container that has waited for this call alone. Its handler is loaded."""

    container: Container
    entry: PoolEntry
    channel: Channel
    start_type = StartType.PREWARMED

    def end_call(self) -> None:
        """The call ran too long: it is dead when this returns."""
        kept.discard(self.entry, self.container.platform)

    def lost(self) -> None:
        """Its agent broke off: it goes, as it would anyway."""

    def leave(self) -> None:
        """The call is over; a used container serves no other."""
        self.channel.close()
        aftermath.discard(self.entry, self.container.platform)


@dataclass
class Shared:
    """The container that serves the other calls of the function, too."""

    reached: Reached
    isolation: Isolation
    start_type: StartType

    @property
    def container(self) -> Container:
        return self.reached.container

    @property
    def channel(self) -> Channel:
        return self.reached.channel

    def end_call(self) -> None:
        """A process dies at once. One of several calls in a process cannot: the container takes no more calls and
        ends when the others have ended.
        """
        if not long_lived.end_call(self.reached, KILL_GRACE_S):
            kept.discard(self.reached.own_entry(), self.container.platform)
        elif self.isolation == Isolation.SHARED:
            kept.drain(self.reached.own_entry(), self.container.platform)

    def lost(self) -> None:
        """Its agent broke off: the next call gets another container."""
        aftermath.discard(self.reached.own_entry(), self.container.platform)

    def leave(self) -> None:
        """The call is over; the container goes on."""
        self.channel.close()


Place = Fresh | Prewarmed | Shared


def knock(run: Run, known: Warm) -> Shared | None:
    """The container that is known to serve, without a look into the database; None when it does not any more.

    Its agent makes itself ready meanwhile: see `is_ready`.
    """
    with run.stages.measure("start"):
        reached = long_lived.knock(known.entry, known.container) if known.pin() else None
    return Shared(reached, known.options.isolation, StartType.WARM) if reached else None


def is_ready(run: Run, knocked: Shared) -> bool:
    """False when its agent has ended, or is about to. Raises FunctionBusy."""
    with run.stages.measure("start"):
        return long_lived.is_ready(knocked.reached)


def find(run: Run, image: Image, options: Options) -> Place:
    """Raises NoSuchImage when the image is gone; FunctionBusy, StartTimeout, EngineUnavailable."""
    if options.isolation != Isolation.CONTAINER:
        return _shared(run, image, options)
    return _prewarmed(run, image, options) or _fresh(run, image, options)


def _shared(run: Run, image: Image, options: Options) -> Place:
    with run.stages.measure("start"):
        reached = long_lived.reach(image, options, run.configuration.rest_container_life_time, run.platform)
    return Shared(reached, options.isolation, StartType.COLD if reached.is_new else StartType.WARM)


def _prewarmed(run: Run, image: Image, options: Options) -> Place | None:
    if run.configuration.container_pool_limit <= 0:
        return None
    with run.stages.measure("start"):
        while entry := prewarmed.claim(image, options, run.platform) or prewarmed.claim_soon(
            image, options, run.platform
        ):
            if place := _opened(entry, run):
                return place
    return None


def _opened(entry: PoolEntry, run: Run) -> Place | None:
    """None when it died while it waited: the next one is tried."""
    container = kept.container_of(entry, run.platform)
    try:
        channel = container.open_ready(prewarmed.READY_LIMIT_S)
    except (NoSuchThing, ChannelClosed, ChannelBroken, StartTimeout):
        aftermath.discard(entry, run.platform)
        return None
    return Prewarmed(container, entry, channel)


def _fresh(run: Run, image: Image, options: Options) -> Place:
    with run.stages.measure("queue"):
        if not _STARTS.acquire(timeout=START_WAIT_S):
            raise EngineUnavailable("The Docker engine starts containers too slowly for the calls that wait.")
    try:
        with run.stages.measure("start"):
            holder = network.claim(run.platform, options.timeout_s) if options.network else None
            container = launch.start_quickly(run.platform, _launch(run, image, options), holder)
    finally:
        _STARTS.release()
    return Fresh(container)


def _launch(run: Run, image: Image, options: Options) -> launch.Launch:
    platform, row = run.platform, run.execution
    names = (platform.instance, platform.node, row.function_name, image.version, str(row.pk))
    return launch.Launch(
        image=image,
        options=options,
        name=launch.container_name(image),
        folder_name=f"{row.pk.hex}-{secrets.token_hex(3)}",
        labels=labels.container(*names),
        lifetime_s=settings.WF_BOOT_TIMEOUT_SECONDS + CALL_LIFETIME_S,
    )
