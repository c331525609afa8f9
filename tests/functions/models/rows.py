"""Rows for tests, in any state that a test wants to begin from."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from functions.build import recipe
from functions.models import Execution, Function, Image
from functions.models.execution import OPEN, ExecutionState
from functions.models.image import ImageState

TOKEN = uuid.UUID("11111111-2222-3333-4444-555555555555")
OTHER_TOKEN = uuid.UUID("99999999-2222-3333-4444-555555555555")
VERSION = "0123456789abcdef"
RUNTIME = "python3.12"


def function(name: str = "W1", **fields: Any) -> Function:
    """A function whose wanted version is VERSION."""
    return Function.objects.create(name=name, **{"version": VERSION, **fields})


def image(state: ImageState = ImageState.ABSENT, of: Function | None = None, **fields: Any) -> Image:
    """An image in this state, with what a row of that state has: READY is of the wanted version."""
    of = of or function()
    lease = {"lease_token": TOKEN, "lease_expires_at": timezone.now() + timedelta(seconds=20)}
    typical: dict[ImageState, dict[str, Any]] = {
        ImageState.QUEUED: lease,
        ImageState.BUILDING: {**lease, "attempts": 1},
        ImageState.READY: {"image_id": "sha256:aaa", "version": VERSION, "runtime": RUNTIME, "recipe": _recipe()},
        ImageState.FAILED: {"retry_at": timezone.now() - timedelta(seconds=1), "failures": 1},
    }
    known: dict[str, Any] = {"tag": f"hf_{of.name.lower()}", "config": {"handler": "main.lambda_handler"}}
    known |= {"function": of, "node": settings.WF_NODE, "state": state}
    return Image.objects.create(**{**known, **typical.get(state, {}), **fields})


def _recipe() -> str:
    """Of an image that this release has built."""
    return recipe.digest(recipe.runtime(RUNTIME))


def execution(state: ExecutionState = ExecutionState.QUEUED, **fields: Any) -> Execution:
    """A call in this state, leased for a minute while it is open."""
    known = {"call_id": "call", "function_name": "W1", "node": settings.WF_NODE}
    lease = timezone.now() + timedelta(minutes=1) if state in OPEN else None
    return Execution.objects.create(state=state, **{**known, "lease_expires_at": lease, **fields})


def snapshot(row: Function | Image | Execution) -> dict[str, Any]:
    """Every field of the row as the database has it now."""
    found: dict[str, Any] = type(row)._default_manager.filter(pk=row.pk).values().get()
    return found
