"""Image: the built form of a function on one node. Its row is the lock of the build.

ABSENT -> QUEUED -> BUILDING -> READY -> EVICTING -> gone; BUILDING -> FAILED -> QUEUED after a back-off; READY ->
QUEUED when another version is wanted; a lease that ended leads back to ABSENT, or to FAILED after three dead builders.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, Q
from django.utils import timezone

from functions import liveness
from functions.errors import BuildFailed
from functions.models.execution import Execution
from functions.models.function import Function
from functions.models.names import tag_of
from functions.models.routing import RoutingModel, RoutingQuerySet

QUEUE_LEASE = timedelta(seconds=30)  # a worker that lives takes a queued build sooner than this
BUILD_LEASE = timedelta(seconds=20)  # renewed by the builder while it lives
EVICTION_LEASE = timedelta(seconds=60)  # longer than the engine may take to remove an image
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
MAX_DEAD_BUILDERS = 3
BACK_OFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(seconds=120))


class ImageState(models.TextChoices):
    ABSENT = "ABSENT"
    QUEUED = "QUEUED"
    BUILDING = "BUILDING"
    READY = "READY"
    EVICTING = "EVICTING"
    FAILED = "FAILED"


IN_PROGRESS = (ImageState.QUEUED, ImageState.BUILDING, ImageState.EVICTING)
OWNED = (ImageState.BUILDING, ImageState.EVICTING)  # states in which a process is at it


class ImageQuerySet(RoutingQuerySet["Image"]):
    """Every transition: one conditional UPDATE that says whether it was ours."""

    def without_log(self) -> ImageQuerySet:
        """The log of a build is long, and read by people only: whoever reads it of such a row asks for it then."""
        return self.defer("log")

    def of(self, function: Function, node: str) -> Image:
        """The row of this function on this node, made when it is missing."""
        image, _made = self.without_log().get_or_create(
            function=function, node=node, defaults={"tag": tag_of(function.name)}
        )
        image.function = function
        return image

    def pin(self, pk: int, version: str) -> bool:
        """READY in this version, and used now."""
        ready = self.filter(pk=pk, state=ImageState.READY, version=version).exclude(version="")
        return ready.update(last_used_at=timezone.now()) == 1

    def enqueue(self, pk: int, wanted: str) -> uuid.UUID | None:
        """-> QUEUED when there is something to build and no one is at it; the token of the one winner."""
        now, token = timezone.now(), uuid.uuid4()
        outdated = Q(state=ImageState.READY) & (~Q(version=wanted) | Q(version=""))
        rests = Q(state=ImageState.FAILED, retry_at__gt=now, retry_at__lte=now + BACK_OFF[-1])
        failed = Q(state=ImageState.FAILED) & ~rests
        seen = self.filter(Q(state=ImageState.ABSENT) | failed | outdated, pk=pk)
        won = seen.update(state=ImageState.QUEUED, lease_token=token, lease_expires_at=now + QUEUE_LEASE)
        return token if won else None

    def retry_now(self, pk: int) -> bool:
        """A failed build need not wait for its back-off: something about the package has changed."""
        return self.filter(pk=pk, state=ImageState.FAILED).update(retry_at=timezone.now(), failures=0) == 1

    def distrust(self, pk: int) -> bool:
        """READY, but of no known version: the next build makes the image anew, even from an equal package."""
        return self.filter(pk=pk, state=ImageState.READY).update(version="") == 1

    def begin_build(self, pk: int, token: uuid.UUID, owner: str = "") -> bool:
        """QUEUED -> BUILDING, once for each token: a task that is delivered twice finds it taken."""
        queued = self.filter(pk=pk, state=ImageState.QUEUED, lease_token=token)
        now = timezone.now()
        attempts = models.F("attempts") + 1
        return (
            queued.update(
                state=ImageState.BUILDING,
                lease_expires_at=now + BUILD_LEASE,
                build_started_at=now,
                owner=owner,
                attempts=attempts,
            )
            == 1
        )

    def _built_by(self, pk: int, token: uuid.UUID) -> ImageQuerySet:
        return self.filter(pk=pk, state=ImageState.BUILDING, lease_token=token)

    def renew(self, pk: int, token: uuid.UUID) -> bool:
        """The builder lives. False: the build is no longer ours."""
        return self._built_by(pk, token).update(lease_expires_at=timezone.now() + BUILD_LEASE) == 1

    def ready(self, pk: int, token: uuid.UUID, **built: Any) -> bool:
        """BUILDING -> READY, with what was built."""
        now = timezone.now()
        return (
            self._built_by(pk, token).update(
                state=ImageState.READY,
                built_at=now,
                last_used_at=now,
                lease_token=None,
                lease_expires_at=None,
                attempts=0,
                failures=0,
                is_doomed=False,
                error="",
                error_code="",
                **built,
            )
            == 1
        )

    def fail(self, pk: int, token: uuid.UUID, *, code: str, error: str, log: str) -> bool:
        """BUILDING -> FAILED; the next attempt waits for the back-off."""
        image = self._built_by(pk, token).first()
        if image is None:
            return False
        failed = self._built_by(pk, token).update(
            state=ImageState.FAILED,
            retry_at=timezone.now() + BACK_OFF[min(image.failures, len(BACK_OFF) - 1)],
            failures=image.failures + 1,
            attempts=0,
            lease_token=None,
            lease_expires_at=None,
            error_code=code,
            error=error,
            log=log,
        )
        return failed == 1

    def lost(self, pk: int, image_id: str) -> bool:
        """READY -> ABSENT: the engine no longer has this image."""
        return (
            self.filter(pk=pk, state=ImageState.READY, image_id=image_id).update(state=ImageState.ABSENT, image_id="")
            == 1
        )

    def begin_eviction(self, seen: Image) -> bool:
        """Nobody builds it, no call is under way -> EVICTING: the caller removes the image, then the row."""
        at_rest = (ImageState.ABSENT, ImageState.READY, ImageState.FAILED, ImageState.EVICTING)
        return self.filter(state__in=at_rest)._leave(seen)

    def evict(self, seen: Image) -> bool:
        """READY -> EVICTING, when no call has used it since it was `seen` and none is under way."""
        return self.filter(state=ImageState.READY, last_used_at=seen.last_used_at)._leave(seen)

    def _leave(self, seen: Image) -> bool:
        unused = self.filter(~Exists(Execution.objects.of_images(seen.node)), pk=seen.pk)
        lease = timezone.now() + EVICTION_LEASE
        return unused.update(state=ImageState.EVICTING, lease_expires_at=lease, owner=liveness.me()) == 1

    def evicted(self, pk: int) -> bool:
        """EVICTING -> ABSENT: the engine has removed it."""
        gone = {"state": ImageState.ABSENT, "image_id": "", "lease_expires_at": None, "is_doomed": False}
        return self.filter(pk=pk, state=ImageState.EVICTING).update(**gone) == 1

    def needs_eviction(self, node: str, limit: int) -> bool:
        """Has the node doomed images, or more than `limit` bytes of code (negative: no limit) in READY ones?"""
        ready = self.filter(node=node, state=ImageState.READY)
        found = ready.aggregate(size=models.Sum("code_size", default=0), doomed=models.Count("pk", Q(is_doomed=True)))
        return bool(found["doomed"] > 0 or 0 <= limit < found["size"])

    def doom(self, node: str) -> int:
        """All images of the node are to be removed as soon as no call uses them. Returns how many."""
        return self.filter(node=node, state=ImageState.READY).update(is_doomed=True)

    def give_up_eviction(self, pk: int) -> bool:
        """EVICTING -> ABSENT: the engine did not remove it. The next build finds out whether it is still there."""
        evicting = self.filter(pk=pk, state=ImageState.EVICTING)
        return evicting.update(state=ImageState.ABSENT, lease_expires_at=None) == 1

    def _bereave(self) -> None:
        """The leases of processes that have died are over."""
        owned = self.filter(state__in=OWNED)
        for owner in set(owned.values_list("owner", flat=True)):
            if not liveness.is_alive(owner):
                owned.filter(owner=owner).update(lease_expires_at=LONG_AGO)

    def expire(self, now: datetime) -> int:
        """Leases that ended: -> ABSENT, or FAILED after three dead builders. Returns how many."""
        self._bereave()
        over = self.filter(state__in=IN_PROGRESS, lease_expires_at__lt=now)
        dead = over.exclude(state=ImageState.EVICTING).filter(attempts__gte=MAX_DEAD_BUILDERS)
        failed = dead.update(
            state=ImageState.FAILED,
            retry_at=now + BACK_OFF[-1],
            attempts=0,
            lease_token=None,
            error_code=BuildFailed.code,
            error=f"The build process died {MAX_DEAD_BUILDERS} times. Does the build need more memory?",
        )
        return failed + over.update(state=ImageState.ABSENT, lease_token=None, lease_expires_at=None)


class Image(RoutingModel):
    """One function's image on one node."""

    function = models.ForeignKey(Function, on_delete=models.CASCADE, related_name="images")
    node = models.CharField(max_length=255)
    tag = models.CharField(max_length=80)
    state = models.CharField(max_length=16, choices=ImageState, default=ImageState.ABSENT)
    image_id = models.CharField(max_length=80, blank=True)
    version = models.CharField(max_length=64, blank=True)
    runtime = models.CharField(max_length=64, blank=True)
    recipe = models.CharField(max_length=64, blank=True, help_text="Digest of what the runtime's build is made of.")
    config = models.JSONField(default=dict, help_text="What config.json said, with the defaults of the runtime.")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of the whole image.")
    code_size = models.PositiveBigIntegerField(default=0, help_text="Bytes of the function's unpacked package.")
    attempts = models.PositiveIntegerField(default=0, help_text="Builders that have begun since the last end.")
    failures = models.PositiveIntegerField(default=0, help_text="Failed builds in a row.")
    retry_at = models.DateTimeField(null=True)
    owner = models.CharField(max_length=32, blank=True, help_text="The process that builds it.")
    lease_token = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    build_started_at = models.DateTimeField(null=True)
    built_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    is_doomed = models.BooleanField(default=False, help_text="To be removed as soon as no call uses it.")
    log = models.TextField(blank=True)
    error_code = models.CharField(max_length=32, blank=True)
    error = models.TextField(blank=True)

    objects: ClassVar[ImageQuerySet] = ImageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["function", "node"], name="image_once_for_function_and_node")]
        indexes = [
            models.Index(
                fields=["lease_expires_at"], condition=Q(state__in=("QUEUED", "BUILDING")), name="image_leases"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tag} on {self.node}"

    @property
    def is_current(self) -> bool:
        """READY, and of the version that is wanted."""
        return self.state == ImageState.READY and self.version == self.function.version != ""

    def is_overdue(self, now: datetime) -> bool:
        """Its lease is over, or the process that was at it has died."""
        lease_is_over = self.lease_expires_at is not None and self.lease_expires_at < now
        return lease_is_over or (self.state in OWNED and not liveness.is_alive(self.owner))

    def rests(self, now: datetime) -> bool:
        """Its build has failed, and is not tried again yet. A rest that seems longer than any: the clock was set."""
        is_soon = self.retry_at is not None and now < self.retry_at <= now + BACK_OFF[-1]
        return self.state == ImageState.FAILED and is_soon

    @property
    def is_in_progress(self) -> bool:
        """Somebody is at it, or was before it died."""
        return self.state in IN_PROGRESS
