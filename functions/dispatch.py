"""Hands work to this node's django-q2 clusters by dotted path, or to a thread of this process when none lives.

Two queues, each with a cluster of its own: builds, which last for minutes, and everything else. The only user of
django_q besides the schedule in the migrations. Tasks must be safe to be delivered twice.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from django.conf import settings
from django.core.cache import cache as shared_cache
from django.db import connections
from django.dispatch import receiver
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signals import post_execute_in_worker, pre_execute
from django_q.signing import SignedPackage
from django_q.tasks import async_task

logger = logging.getLogger(__name__)

BUILDS: str = settings.BUILDS_QUEUE  # the one that a plain `manage.py qcluster` serves
UPKEEP: str = settings.UPKEEP_QUEUE
SWEEP, EVICT, FILL_POOL = "functions.tasks.sweep", "functions.tasks.evict", "functions.tasks.fill_pool"
BUILD_TASKS = ("functions.tasks.build_image",)
ASKED_S = 20  # so long a task that was asked for may be lost, and nobody asks again


class Broker(ORM):  # type: ignore[misc] # django-q2 ships no types
    """Django-q2's queue in the database; it also notes which queue a cluster serves, which its own status omits."""

    row = 0  # the last one that this object has made

    def enqueue(self, task: str) -> int:
        self.row = super().enqueue(task)
        return self.row

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """The sentinel's sign of life, twice a second."""
        shared_cache.set(_sign_of_life(self.list_key), value, timeout)
        super().set_stat(key, value, timeout)


def enqueue(task: str, *arguments: Any) -> None:
    """Runs `task` soon, elsewhere: this returns at once. The task reports through rows, never to its caller."""
    if queue := queue_for(task):
        async_task(task, *arguments, cluster=queue)
    else:
        threading.Thread(target=_run, args=(task, *arguments), name=task, daemon=True).start()


def enqueue_once(task: str) -> None:
    """The same, unless it was asked for and has not begun: then it serves whoever asks now, too."""
    if not shared_cache.add(_asked_for(task), True, ASKED_S):
        return
    try:
        enqueue(task)
    except BaseException:
        begun(task)
        raise


def begun(task: str) -> None:
    """Said by a task that is asked for by `enqueue_once`, first of all: it may have come too late for the next."""
    shared_cache.delete(_asked_for(task))


def queue_for(task: str) -> str | None:
    """The queue of this task, if its cluster lives. That of builds takes everything while it is alone."""
    wanted = (BUILDS,) if task in BUILD_TASKS else (UPKEEP, BUILDS)
    return next((queue for queue in wanted if cluster_lives(queue)), None)


def cluster_lives(queue: str) -> bool:
    """Has the cluster of this queue given a sign of life in the last 3 seconds?"""
    return shared_cache.get(_sign_of_life(queue)) is not None


def is_busy(queue: str) -> bool:
    """Is each worker of this queue's cluster at a task, and within its time?"""
    sign = shared_cache.get(_sign_of_life(queue))
    workers = SignedPackage.loads(sign).workers if sign else []
    return bool(workers) and all(shared_cache.get(_at_work(pid)) for pid in workers)


def ask(queue: str, task: str) -> int:
    """Puts the task into this queue, whoever lives; returns the number of its row."""
    broker = Broker(list_key=queue)
    async_task(task, broker=broker, save=False)  # asked for so often that only failures are worth a record
    return broker.row


def is_pending(row: int) -> bool:
    """A row is there until its task has ended and the cluster has said so."""
    return bool(OrmQ.objects.filter(pk=row).exists())


def release(queue: str) -> None:
    """For the time when no process of this queue's cluster lives: what it was at is delivered again, at once."""
    shared_cache.delete(_sign_of_life(queue))
    OrmQ.objects.filter(key=queue).update(lock=timezone.now())


def _run(task: str, *arguments: Any) -> None:
    try:
        import_string(task)(*arguments)
    except Exception:
        logger.exception("%s failed", task)
    finally:
        connections.close_all()


@receiver(pre_execute)
def _note_begin(**_signal: Any) -> None:
    shared_cache.set(_at_work(os.getpid()), True, Conf.TIMEOUT)


@receiver(post_execute_in_worker)
def _note_end(**_signal: Any) -> None:
    shared_cache.delete(_at_work(os.getpid()))


def _asked_for(task: str) -> str:
    return f"asked-for-{task}"


def _sign_of_life(queue: str) -> str:
    return f"cluster-{queue}"


def _at_work(pid: int) -> str:
    return f"at-work-{pid}"
