"""System checks: what would break the worker's promises is refused before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning

from runtimes import registry

if TYPE_CHECKING:
    from collections.abc import Iterable


@register
def requests_are_not_transactions(**_kwargs: Any) -> Iterable[CheckMessage]:
    """Rows are the locks: each change must be seen by others at once, not at the end of a request."""
    if any(database.get("ATOMIC_REQUESTS") for database in settings.DATABASES.values()):
        yield Error("ATOMIC_REQUESTS must stay off.", hint="Remove it from DATABASES.", id="functions.E001")


@register
def the_task_queue_outlasts_a_build(**_kwargs: Any) -> Iterable[CheckMessage]:
    """A shorter limit would cut a build off, or deliver it twice."""
    cluster: dict[str, Any] = settings.Q_CLUSTER
    if not settings.WF_BUILD_TIMEOUT_SECONDS < cluster["timeout"] < cluster["retry"]:
        yield Error("Q_CLUSTER needs: build limit < timeout < retry.", id="functions.E002")


@register
def the_state_folder_is_private(**_kwargs: Any) -> Iterable[CheckMessage]:
    """We make it so; one that somebody else has made is not ours to close."""
    if settings.WF_HOME.stat().st_mode & 0o077:
        yield CheckWarning(f"Others may look into {settings.WF_HOME}.", hint="chmod 700", id="functions.W002")


@register
def every_runtime_plugin_loads(**_kwargs: Any) -> Iterable[CheckMessage]:
    """A broken plugin is named; the others work."""
    for problem in registry.problems().values():
        yield CheckWarning(problem, hint="Mend or uninstall the plugin.", id="functions.W001")
