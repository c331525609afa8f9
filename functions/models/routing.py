"""Rows that decide where calls go: whoever changes one marks it for the processes that remember them."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models

from functions import generation

M = TypeVar("M", bound=models.Model)
UNIMPORTANT = {"last_used_at", "lease_expires_at", "source_checked_at"}  # fields that send no call elsewhere


class RoutingQuerySet(models.QuerySet[M]):
    """Marks every change that could send a call elsewhere."""

    def update(self, **fields: Any) -> int:
        count = super().update(**fields)
        if count and not UNIMPORTANT.issuperset(fields):
            generation.changed()
        return count


class RoutingModel(models.Model):
    """The same for rows that are saved or deleted one by one."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        generation.changed()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        generation.changed()
        return deleted
