"""Configuration: what `/configure` and the admin change while the worker runs. One row a node, changed as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from functions.bounds import CODE_SIZE_MAX, LIFE_TIME_MAX, POOL_LIMIT_MAX, POOL_NUM_MAX
from functions.models.routing import RoutingModel, RoutingQuerySet

if TYPE_CHECKING:
    from collections.abc import Mapping

OFF = -1  # no limit, no pool: the original's word for both


class ConfigurationQuerySet(RoutingQuerySet["Configuration"]):
    """Reading as a whole, changing as a whole."""

    def of(self, node: str) -> Configuration:
        """This node's row. The settings give its first values."""
        return self.filter(node=node).first() or self.get_or_create(node=node, defaults=_first_values())[0]

    def change(self, seen: Configuration, **values: Any) -> bool:
        """All of these values at once; False when somebody has changed the row since it was `seen`."""
        unchanged = self.filter(pk=seen.pk, changed_at=seen.changed_at)
        return unchanged.update(changed_at=timezone.now(), **values) == 1

    def claim(self, node: str, instance: str) -> str:
        """The instance that this node's rows belong to: this one from now on, unless another was sooner."""
        self.filter(pk=self.of(node).pk, instance="").update(instance=instance)
        return self.of(node).instance


def _first_values() -> dict[str, Any]:
    return {
        "user_code_size_limit": settings.USER_CODE_SIZE_LIMIT,
        "container_pool_limit": settings.CONTAINER_POOL_LIMIT,
        "container_pool_num": settings.CONTAINER_POOL_NUM,
        "using_rest_mode": settings.USING_REST_MODE,
        "rest_container_life_time": settings.REST_CONTAINER_LIFE_TIME,
    }


class Configuration(RoutingModel):
    """How this node keeps code and containers."""

    node = models.CharField(max_length=255, unique=True, editable=False)
    instance = models.CharField(max_length=255, default="", editable=False)
    user_code_size_limit = models.BigIntegerField(
        validators=[MinValueValidator(OFF), MaxValueValidator(CODE_SIZE_MAX)],
        help_text="Bytes of unpacked code whose images are kept; the least recently used go first. -1: no limit.",
    )
    container_pool_limit = models.IntegerField(
        validators=[MinValueValidator(OFF), MaxValueValidator(POOL_LIMIT_MAX)],
        help_text="So many of the most recently used functions keep pre-warmed containers. -1: none do.",
    )
    container_pool_num = models.IntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(POOL_NUM_MAX)],
        help_text="Pre-warmed containers of each of these functions.",
    )
    using_rest_mode = models.BooleanField(
        help_text="Functions without an isolation of their own: on = process, off = container."
    )
    rest_container_life_time = models.IntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(LIFE_TIME_MAX)],
        help_text="Seconds that a long-lived container lives without a call.",
    )
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[ConfigurationQuerySet] = ConfigurationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "configuration"

    def __str__(self) -> str:
        return f"Configuration of {self.node}"

    def refuse_large_pool(self, change: Mapping[str, Any]) -> None:
        """Raises ValidationError for a change to a pool that would not fit into the memory that it may have.

        One that the variables made too large does not forbid other changes.
        """
        before = {name: getattr(self, name) for name in ("container_pool_limit", "container_pool_num")}
        after = {name: change.get(name, value) for name, value in before.items()}
        limit, num = after.values()
        wanted = limit * num * settings.WF_FUNCTION_MEMORY
        if after != before and limit > 0 and wanted > settings.WF_POOL_MEMORY:
            raise ValidationError(
                f"container_pool_limit x container_pool_num is {limit} x {num} containers. With "
                f"{settings.WF_FUNCTION_MEMORY} bytes each (WF_FUNCTION_MEMORY) they need {wanted} bytes, and may have "
                f"{settings.WF_POOL_MEMORY} (WF_POOL_MEMORY)."
            )
