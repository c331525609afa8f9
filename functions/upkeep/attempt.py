"""One thing that fails stops no other: the next sweep tries it again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


def attempt(work: Callable[..., object], *arguments: Any) -> bool:
    """Did it go well? What went wrong is in the log."""
    try:
        work(*arguments)
    except Exception:
        logger.exception("upkeep: %s failed; the next sweep tries again", getattr(work, "__name__", work))
        return False
    return True
