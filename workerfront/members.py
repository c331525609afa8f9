"""The processes that make a worker: what runs in each, and how one sees that it does its work."""

from __future__ import annotations

import math
import sys
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException

from django.conf import settings

from functions import dispatch
from workerfront.child import Child
from workerfront.watchdog import Watch

SPARE_THREADS = 24  # for callers that wait for a build, and the admin, while every call slot is taken
IDLE_CONNECTIONS = 400  # that gateways keep; with all others fewer than 1024 descriptors, a usual limit
STOP_LIMIT_S = 20  # then granian kills its own worker, which would outlive it
ANSWER_LIMIT_S = 0.5
BEAT = "functions.tasks.beat"
BOUND = [sys.executable, "-m", "workerfront.bound"]


class Member(Child):
    """A child that is to work for as long as the worker runs."""

    starts_at = -math.inf  # not before this moment of the monotonic clock
    works = False  # has been seen at work since it was started
    _quick_deaths = 0

    def start(self) -> None:
        self.works = False
        super().start()

    def count_end(self) -> int:
        """Deaths in a row, this one included, before it had come to work."""
        self._quick_deaths = 0 if self.works else self._quick_deaths + 1
        return self._quick_deaths

    def look(self, now: float) -> None:
        """Sees whether it works."""
        raise NotImplementedError

    def is_stuck(self, now: float) -> bool:
        """Does it live without working?"""
        raise NotImplementedError

    def excuse(self, now: float) -> None:
        """Nobody has looked until now."""


class Web(Member):
    """The server. Whether calls end is watched by their own limits."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        super().__init__("the web server", _granian(host, port))

    def look(self, now: float) -> None:
        if self.is_started and not self.works:
            self.works = self._answers()

    def is_stuck(self, now: float) -> bool:
        return False

    def tell_to_stop(self) -> None:
        """Granian loses a SIGTERM that comes while it starts. Before its first answer nobody needs its end."""
        if self.works:
            super().tell_to_stop()
        else:
            self.end()

    def _answers(self) -> bool:
        with closing(HTTPConnection(*self._address, timeout=ANSWER_LIMIT_S)) as connection:
            try:
                connection.request("GET", "/openapi.json")
                return bool(connection.getresponse().status)
            except (OSError, HTTPException):
                return False


class Cluster(Member):
    """A django-q2 cluster and its queue."""

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._watch = Watch(time.monotonic())
        command = [*BOUND, "workerfront", "qcluster"]
        super().__init__(f"the task cluster {queue}", command, Q_CLUSTER_NAME=queue)

    def start(self) -> None:
        dispatch.release(self._queue)
        self._watch = Watch(time.monotonic())
        super().start()

    def look(self, now: float) -> None:
        watch = self._watch
        lives, busy = dispatch.cluster_lives(self._queue), dispatch.is_busy(self._queue)
        answered = watch.beat is not None and not dispatch.is_pending(watch.beat)
        watch.note(now, lives=lives, busy=busy, answered=answered)
        self.works = watch.has_lived
        if watch.wants_beat(now):
            watch.beat, watch.beat_at = dispatch.ask(self._queue, BEAT), now

    def is_stuck(self, now: float) -> bool:
        return self.is_started and self._watch.is_stuck(now)

    def excuse(self, now: float) -> None:
        self._watch.excuse(now)


def _granian(host: str, port: int) -> list[str]:
    threads = settings.WF_MAX_CONCURRENT_CALLS + SPARE_THREADS
    web = ["granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", "1"]
    web += ["--blocking-threads", str(threads), "--log-level", "error"]
    web += ["--backpressure", str(threads + IDLE_CONNECTIONS)]  # it counts connections, idle ones too, not requests
    web += ["--http", "1", "--no-ws"]  # an HTTP/2 body has no length, and would be taken for an empty event
    web += ["--workers-kill-timeout", str(STOP_LIMIT_S)]
    return [*BOUND, *web, "workerfront.wsgi:application"]
