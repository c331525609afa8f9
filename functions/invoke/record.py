"""The row of a call: written before anything happens, RUNNING before the event leaves us, ended once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from functions import liveness, strict_json
from functions.errors import OutcomeUnknown
from functions.models import Execution

if TYPE_CHECKING:
    from datetime import datetime

    from functions.invoke.call import Call, Run
    from functions.invoke.outcome import Outcome
    from functions.models import Function

LEASE_GRACE = timedelta(seconds=60)  # after the last limit of a call: then its worker must have died
KEPT_TEXT = 64 << 10  # characters of event and result in the row


def draft(call: Call, function: Function, node: str) -> Execution:
    """The row of a call, not yet in the database."""
    return Execution.draft(
        call_id=call.call_id,
        function_id=function.pk,
        function_name=function.name,
        node=node,
        owner=liveness.me(),
        trigger=call.trigger,
        event=strict_json.dumps(call.event)[:KEPT_TEXT],
    )


def enqueue(run: Run) -> None:
    """QUEUED, with a lease that outlasts every limit a call has; once."""
    if run.execution._state.adding:
        run.execution.lease_expires_at = _longest_lease()
        Execution.objects.enqueue(run.execution)


def put_back(run: Run) -> None:
    """RUNNING, and nothing has been sent: QUEUED again. Raises OutcomeUnknown when the row was ended by others."""
    row = run.execution
    row.version = row.start_type = row.container_name = row.image_name = ""
    if not Execution.objects.put_back(row.pk, lease_expires_at=_longest_lease(), **_circumstances(run)):
        raise OutcomeUnknown("The call's record was closed before the function began; it was not run.")


def _longest_lease() -> datetime:
    limit_s = (
        settings.WF_BUILD_TIMEOUT_SECONDS + settings.WF_QUEUE_WAIT_SECONDS + settings.WF_FUNCTION_TIMEOUT_MAX_SECONDS
    )
    return timezone.now() + timedelta(seconds=limit_s) + _boot() + LEASE_GRACE


def _boot() -> timedelta:
    """The agent has the boot limit to listen, and once more to load the handler."""
    return timedelta(seconds=2 * settings.WF_BOOT_TIMEOUT_SECONDS)


def begin(run: Run, timeout_s: int) -> None:
    """RUNNING: from here on the function may run. Raises OutcomeUnknown when the row was ended by someone else."""
    limit_s = settings.WF_QUEUE_WAIT_SECONDS + timeout_s  # a warm call still waits for its `ready`
    known = {"lease_expires_at": timezone.now() + timedelta(seconds=limit_s) + _boot() + LEASE_GRACE}
    if run.execution._state.adding:
        Execution.objects.begin_at_once(run.execution, **known)
    elif not Execution.objects.begin(run.execution.pk, **known, **_circumstances(run)):
        raise OutcomeUnknown("The call's record was closed before the function began; it was not run.")


def finish(run: Run, outcome: Outcome) -> None:
    """The terminal state, with everything that is known."""
    enqueue(run)
    Execution.objects.finish(
        run.execution.pk,
        outcome.state,
        **_circumstances(run),
        **{f"{stage}_ms": run.stages.spent_ms.get(stage) for stage in run.stages.NAMES},
        function_ms=outcome.function_ms,
        status_code=outcome.response["statusCode"] if outcome.response else None,
        result=outcome.text[:KEPT_TEXT],
        error_code=outcome.error.code if outcome.error else "",
        error=outcome.error.message.replace("\x00", "\ufffd") if outcome.error else "",
        log=run.log.text(),
    )


def _circumstances(run: Run) -> dict[str, object]:
    row = run.execution
    return {
        name: getattr(row, name) for name in ("version", "start_type", "image_built", "container_name", "image_name")
    }
