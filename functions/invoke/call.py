"""What is asked, what is under way, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings

from functions.invoke.log import CallLog
from functions.models.execution import Trigger

if TYPE_CHECKING:
    from functions.build.platform import Platform
    from functions.invoke.outcome import Outcome
    from functions.invoke.stages import Stages
    from functions.models import Configuration, Execution, Function


@dataclass(frozen=True)
class Call:
    """What the outside asks for. `arrived` is `time.monotonic()` in seconds."""

    name: str
    event: Any
    call_id: str
    arrived: float
    trigger: Trigger = Trigger.HTTP


@dataclass
class Run:
    """One call under way; its row is `execution`."""

    call: Call
    function: Function
    execution: Execution
    platform: Platform
    stages: Stages
    configuration: Configuration
    log: CallLog = field(default_factory=lambda: CallLog(settings.WF_LOG_LIMIT))


@dataclass(frozen=True)
class Answer:
    """A response or an error, and how it came to be."""

    execution: Execution
    outcome: Outcome
    stages: Stages
