"""Function: what may be called, where its package comes from, and which version of it is wanted."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from functions.models.names import validate_name
from functions.models.routing import RoutingModel, RoutingQuerySet


class Isolation(models.TextChoices):
    """How a call is kept apart from other calls of the function."""

    CONTAINER = "container", "a container for each call"
    PROCESS = "process", "a process for each call in a long-lived container"
    SHARED = "shared", "one process for all calls"


class Network(models.TextChoices):
    """What a function may reach."""

    EGRESS = "egress", "the outside"
    NONE = "none", "nothing"


def _upload_path(_function: Function, _file_name: str) -> str:
    """A path of our own making: an uploaded file's name is never used."""
    return f"{uuid.uuid4().hex}.zip"


class FunctionQuerySet(RoutingQuerySet["Function"]):
    """The questions and changes that others may ask for."""

    def named(self, name: str) -> Function | None:
        """The function of this name, whatever the case."""
        return self.annotate(lower_name=Lower("name")).filter(lower_name=name.lower()).first()

    def outdate(self, pk: int) -> bool:
        """The wanted version becomes unknown: the next call looks at the package again."""
        return self.filter(pk=pk).update(version="", source_etag=f"outdated {uuid.uuid4().hex}") == 1

    def fetched(self, seen: Function, etag: str) -> bool:
        """The package of the function, as it was `seen`, was read; `seen` knows it then. False as for `settle`.

        Said before the build, so that a build that fails, or kills its builder, is not taken for a changed package.
        """
        if self._unchanged(seen).update(source_etag=etag, source_checked_at=timezone.now()) != 1:
            return False
        seen.source_etag = etag
        return True

    def settle(self, seen: Function, version: str) -> bool:
        """What was fetched is the version that is wanted now.

        False when the function was outdated since it was `seen`: then the package that was read may be the last one.
        """
        return self._unchanged(seen).update(version=version) == 1

    def _unchanged(self, seen: Function) -> FunctionQuerySet:
        known = {"version": seen.version, "source_etag": seen.source_etag, "package": str(seen.package)}
        return self.filter(pk=seen.pk, **known)

    def begin_source_check(self, pk: int, interval_s: int) -> bool:
        """True for the one caller that shall look for a changed package now; at most one in `interval_s`."""
        now = timezone.now()
        interval = timedelta(seconds=interval_s)  # one that seems to begin later than it can: the clock was set back
        lately = Q(source_checked_at__gt=now - interval, source_checked_at__lt=now + interval)
        return self.exclude(lately).filter(pk=pk).update(source_checked_at=now) == 1


class Function(RoutingModel):
    """A function by name. Empty fields below `package` mean: as the package's config.json says."""

    name = models.CharField(max_length=64, validators=[validate_name])
    enabled = models.BooleanField(default=True, help_text="A disabled function answers 404.")
    package = models.FileField(
        upload_to=_upload_path, blank=True, help_text="A zip. Without one, <name>.zip is taken from the source storage."
    )
    runtime = models.CharField(max_length=64, blank=True)
    handler = models.CharField(max_length=255, blank=True)
    timeout = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds.")
    memory = models.PositiveBigIntegerField(null=True, blank=True, help_text="Bytes.")
    environment = models.JSONField(default=dict, blank=True, help_text="Added to the variables of config.json.")
    isolation = models.CharField(
        max_length=16,
        choices=Isolation,
        blank=True,
        help_text="Empty and none in config.json: as the node's REST mode says.",
    )
    network = models.CharField(max_length=16, choices=Network, blank=True)
    version = models.CharField(max_length=64, blank=True, editable=False)
    source_etag = models.CharField(max_length=255, blank=True, editable=False)
    source_checked_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[FunctionQuerySet] = FunctionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="function_name_unique", violation_error_message="This name is taken."
            ),
        ]
        ordering = [F("name")]

    def __str__(self) -> str:
        return self.name
