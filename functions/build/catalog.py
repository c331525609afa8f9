"""Which functions there are: registered rows first, then the source storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from functions.errors import FunctionNotFound
from functions.models import Function

if TYPE_CHECKING:
    from functions.sources.storage import Source


def find(name: str, source: Source) -> Function:
    """The function of this (valid) name. An unknown one is looked up in the storage; raises FunctionNotFound."""
    function = Function.objects.named(name) or _register(name, source)
    if not function.enabled:
        raise FunctionNotFound(f"The function {name!r} is disabled on this worker.")
    return function


def _register(name: str, source: Source) -> Function:
    if source.stat(name) is None:
        raise FunctionNotFound(f"No function {name!r} is registered or lies in the source storage.")
    try:
        with transaction.atomic():
            return Function.objects.create(name=name, source_checked_at=timezone.now())
    except IntegrityError:
        registered = Function.objects.named(name)  # by another caller in the meantime
        if registered is None:
            raise
        return registered


def change_is_due(function: Function) -> bool:
    """May the package be looked at again now? True for one caller in WF_SOURCE_CHECK_SECONDS."""
    interval = settings.WF_SOURCE_CHECK_SECONDS
    return interval >= 0 and not function.package and Function.objects.begin_source_check(function.pk, interval)


def look_for_change(function_pk: int, source: Source) -> bool:
    """True when the storage holds another object than the one last read; the function is then outdated."""
    function = Function.objects.filter(pk=function_pk).first()
    if function is None or function.package:
        return False
    stat = source.stat(function.name)
    if stat is None or stat.etag == function.source_etag:
        return False
    return Function.objects.outdate(function_pk)
