"""Runs a worker's processes: web server, the two task clusters; and asks for upkeep, once a second.

A process that dies is started again, as is a cluster that takes no tasks any more. SIGTERM ends the worker when its
last call has been answered, SIGQUIT ends it now.
"""

from __future__ import annotations

import logging
import signal
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import close_old_connections

from functions import dispatch, liveness
from functions.models import Execution
from workerfront import child, watchdog
from workerfront.members import Cluster, Web

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workerfront.members import Member

logger = logging.getLogger(__name__)

CUTS = {signal.SIGQUIT, signal.SIGINT}  # while it waits for its last calls. A second SIGTERM waits beside the first
SIGNALS = {signal.SIGTERM, *CUTS}
WAKE = {*SIGNALS, signal.SIGCHLD}
TICK_S = 1.0
FIRST_TICK_S = 0.05  # until it answers, and while it waits for its last calls; not after a look that failed
LATE_S = 5.0  # a tick that comes later than this has seen nothing meanwhile
DRAIN_LIMIT_S = 300
STOP_LIMIT_S = 30  # for what is no call: builds that nobody waits for, upkeep
CUT_LIMIT_S = 3  # when calls are not waited for: granian would wait for them, all the same


def hold_signals() -> None:
    """From here on they wait until `serve` takes them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, WAKE)


def serve(host: str, port: int, announce: Callable[[], None]) -> int:
    """Runs until a signal tells it to stop (exit status 0), or until a child dies again and again (1).

    `announce` is called once it answers.
    """
    hold_signals()
    child.adopt_orphans()
    members = Web(host, port), Cluster(dispatch.BUILDS)
    return Supervisor(members, [Cluster(dispatch.UPKEEP)], announce).run()


class GaveUp(Exception):
    """A child does not come to work, however often it is started."""


class Supervisor:
    """The loop over the members of a worker. The first is the one that answers; the `later` ones must not delay it."""

    def __init__(self, members: Sequence[Member], later: Sequence[Member], announce: Callable[[], None]) -> None:
        self._members, self._later = [*members], later
        self._announce: Callable[[], None] | None = announce
        self._looked_at, self._least_wait_s = time.monotonic(), 0.0
        self._is_cut = False  # calls under way are not waited for
        self._sweep, self._sweep_at, self._is_urgent = 0, self._looked_at, True

    def run(self) -> int:
        try:
            while not (told := self._told(TICK_S if self._announce is None else FIRST_TICK_S)):
                self._tick()
            self._is_cut = told == signal.SIGQUIT or self._drain() in CUTS
        except GaveUp:
            return 1
        finally:
            self._stop()
            settings.WF_DRAINING.unlink(missing_ok=True)
        return 0

    def _told(self, wait_s: float) -> int:
        """The signal to stop, else 0. Wakes up as soon as there is one; the death of a child is one, too."""
        found = signal.sigtimedwait(WAKE, max(wait_s, self._least_wait_s))
        return found.si_signo if found and found.si_signo in SIGNALS else 0

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._looked_at > LATE_S:
            self._excuse(now)
        try:
            close_old_connections()
            for member in self._members:
                self._revive(member, now)
            self._look(now)
            self._least_wait_s = 0.0
        except GaveUp:
            raise
        except Exception:
            logger.exception("the supervisor could not look; it tries again")
            self._least_wait_s = TICK_S
            self._excuse(time.monotonic())
        self._looked_at = time.monotonic()

    def _excuse(self, now: float) -> None:
        for member in self._members:
            member.excuse(now)

    def _revive(self, member: Member, now: float) -> None:
        if member.has_ended:
            logger.error("%s ended by itself with status %s", member.name, member.end())
            self._note_end(member, now)
        if not member.is_started and now >= member.starts_at:
            member.start()

    def _note_end(self, member: Member, now: float) -> None:
        self._is_urgent = True
        pause_s = watchdog.pause_s(member.count_end())
        if pause_s is None:
            logger.error("%s was started %s times in vain", member.name, watchdog.QUICK_DEATHS)
            raise GaveUp
        member.starts_at = now + pause_s

    def _look(self, now: float) -> None:
        for member in self._members:
            member.look(now)
            if member.is_stuck(now):
                logger.error("%s takes no tasks any more: it is killed and started again", member.name)
                member.end()
                self._note_end(member, now)
        if self._announce is not None and self._members[0].works:
            announce, self._announce = self._announce, None
            self._members += self._later
            announce()
        self._ask_for_sweep(now)

    def _ask_for_sweep(self, now: float) -> None:
        is_pending = self._sweep != 0 and dispatch.is_pending(self._sweep)
        is_due = watchdog.sweep_is_due(now - self._sweep_at, is_pending=is_pending, is_urgent=self._is_urgent)
        if is_due and (queue := dispatch.queue_for(dispatch.SWEEP)):
            self._sweep, self._sweep_at, self._is_urgent = dispatch.ask(queue, dispatch.SWEEP), now, False

    def _drain(self) -> int:
        """Waits for the end of the calls under way; returns the signal that has cut the wait, else 0."""
        settings.WF_DRAINING.write_text(liveness.me())
        deadline = time.monotonic() + DRAIN_LIMIT_S
        while self._has_calls() and time.monotonic() < deadline:
            if (told := self._told(FIRST_TICK_S)) in CUTS:
                return told
            self._tick()
        return 0

    def _has_calls(self) -> bool:
        """A call of a process that died has ended, though its record may not know it yet."""
        try:
            return any(map(liveness.is_alive, Execution.objects.filter(node=settings.WF_NODE).owners()))
        except Exception:
            logger.exception("the supervisor could not look for calls; it tries again")
            self._least_wait_s = TICK_S
            return True

    def _stop(self) -> None:
        """The order in which they are told is that in which they need each other."""
        for member in self._members:
            member.tell_to_stop()
        deadline = time.monotonic() + (CUT_LIMIT_S if self._is_cut else STOP_LIMIT_S)
        for member in self._members:
            member.end(max(0.0, deadline - time.monotonic()))
