"""Long-lived containers: at most one for an image, started by one call while the others wait for it."""

from __future__ import annotations

import time
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from functions import liveness
from functions.crashpoint import crashpoint
from functions.engine.channel import ChannelBroken, ChannelClosed, DeadlinePassed
from functions.engine.docker import NoSuchImage, NoSuchThing
from functions.errors import FunctionBusy, StartTimeout
from functions.models import Image, PoolEntry
from functions.models.pool_entry import PoolState
from functions.pool import kept

if TYPE_CHECKING:
    from functions.build.platform import Platform
    from functions.engine.channel import Channel
    from functions.pool.container import Container
    from functions.pool.options import Options

REACH_LIMIT_S = 60  # for all the containers that end or vanish before a call has reached one
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.002, 0.05


@dataclass
class Reached:
    """A connection to the container, its agent ready for this call. `is_new`: the call had to wait for its start.

    `entry` may be the object of other calls, too: whoever is about to change the row takes a copy, `own_entry`.
    """

    entry: PoolEntry
    container: Container
    channel: Channel
    is_new: bool

    def own_entry(self) -> PoolEntry:
        return copy(self.entry)


def reach(image: Image, options: Options, lifetime_s: float, platform: Platform) -> Reached:
    """The image's container, started when there is none. Raises StartTimeout, FunctionBusy, NoSuchImage."""
    deadline, pause, waited = time.monotonic() + REACH_LIMIT_S, FIRST_PAUSE_S, False
    while time.monotonic() < deadline:
        entry = PoolEntry.objects.long_lived(image)
        if entry is None:
            reached, waited = _start(image, options, lifetime_s, platform), True
        elif entry.state == PoolState.SERVING:
            reached = _open(entry, options.fingerprint(image), platform, waited)
        else:
            _look_after(entry, platform)
            reached, waited = None, True
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
        if reached:
            return reached
    raise StartTimeout("The function's container could not be reached.")


def _start(image: Image, options: Options, lifetime_s: float, platform: Platform) -> Reached | None:
    entry = PoolEntry.objects.begin_long_lived(image, **kept.fields(image, options, lifetime_s))
    if entry is None:
        _refuse_deleted(image)
        return None
    crashpoint("long-lived-starting")
    container, channel = kept.started(entry, image, options, platform)
    known = {"container_id": container.id, "address": container.address}
    if not PoolEntry.objects.started(entry, PoolState.SERVING, **known):
        channel.close()
        kept.finish(entry, platform)  # its row was taken meanwhile
        return None
    return Reached(entry, container, channel, is_new=True)


def _refuse_deleted(image: Image) -> None:
    """A row could not be made because there is one, or because somebody has deleted the image."""
    if not Image.objects.filter(pk=image.pk).exists():
        raise NoSuchImage(f"{image.tag} was deleted")


def _open(entry: PoolEntry, fingerprint: str, platform: Platform, waited: bool) -> Reached | None:
    """None when it must not or cannot serve: then it is on its way out, and another one is started."""
    reached = reopen(entry, platform) if entry.fingerprint == fingerprint else None
    if reached is None:
        kept.drain(entry, platform)
    elif waited:
        reached.is_new = True
    return reached


def reopen(entry: PoolEntry, platform: Platform) -> Reached | None:
    """A connection for one more call; None when its agent has ended, or is about to. Raises FunctionBusy."""
    reached = knock(entry, kept.container_of(entry, platform))
    return reached if reached and is_ready(reached) else None


def knock(entry: PoolEntry, container: Container) -> Reached | None:
    """The same, before its agent has answered."""
    try:
        return Reached(entry, container, container.knock(), is_new=False)
    except (NoSuchThing, ChannelClosed, ChannelBroken):
        return None


def is_ready(reached: Reached) -> bool:
    """Waits for its agent's word. False when it has ended, or is about to. Raises FunctionBusy."""
    try:
        reached.container.when_ready(reached.channel, settings.WF_QUEUE_WAIT_SECONDS)
    except StartTimeout as error:
        if reached.container.is_stuck():
            kept.discard(reached.own_entry(), reached.container.platform)
            return False
        raise FunctionBusy from error
    except (ChannelClosed, ChannelBroken):
        return False
    return True


def _look_after(entry: PoolEntry, platform: Platform) -> None:
    """One whose starter died is removed by whoever waits for it."""
    overdue = entry.lease_expires_at is not None and entry.lease_expires_at < timezone.now()
    if overdue or not liveness.is_alive(entry.owner):
        kept.discard(entry, platform)


def end_call(reached: Reached, limit_s: float) -> bool:
    """Ends the one call of this connection; the container's others go on. False when its agent did not do so."""
    deadline = time.monotonic() + limit_s
    try:
        reached.channel.send({"type": "cancel"}, deadline)
        reached.channel.await_end(deadline)
    except ChannelClosed:
        return True
    except (ChannelBroken, DeadlinePassed):
        return False
    return True
