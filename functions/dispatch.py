"""Hands work to the django-q2 cluster by dotted path, or to a thread of this process when no cluster lives.

The only user of django_q besides the schedules in tasks.py. Tasks must be safe to be delivered twice.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from django.db import connections
from django.utils.module_loading import import_string
from django_q.status import Stat
from django_q.tasks import async_task

logger = logging.getLogger(__name__)


def enqueue(task: str, *arguments: Any) -> None:
    """Runs `task` soon, elsewhere: this returns at once. The task reports through rows, never to its caller."""
    if cluster_lives():
        async_task(task, *arguments)
    else:
        threading.Thread(target=_run, args=(task, *arguments), name=task, daemon=True).start()


def cluster_lives() -> bool:
    """Has a cluster of this node given a sign of life in the last 3 seconds?"""
    return bool(Stat.get_all())


def _run(task: str, *arguments: Any) -> None:
    try:
        import_string(task)(*arguments)
    except Exception:
        logger.exception("%s failed", task)
    finally:
        connections.close_all()
