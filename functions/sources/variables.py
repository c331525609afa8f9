"""What a function's environment variables may be, in config.json and in the admin alike."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT = 32 << 10  # bytes of all names and values together
SHOWN = 60  # characters of a wrong value in a message

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = "WF_"
# These make a loader or an interpreter run code before the agent has begun to listen, while the channel's folder can
# still be written (docs/agents.md).
_BEFORE_THE_AGENT = {
    "GCONV_PATH",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "NODE_OPTIONS",
    "OPENSSL_CONF",
    "OPENSSL_ENGINES",
    "OPENSSL_MODULES",
    "_JAVA_OPTIONS",
}
_LOADER = "LD_"


def objection(name: str, text: Any) -> str:
    """What is wrong with a variable, as the end of a sentence; empty when nothing is."""
    if not _NAME.fullmatch(name):
        return "is no name for a variable: letters, digits and '_', the first no digit"
    if name.startswith(_OURS):
        return f"begins with {_OURS}, which is the worker's own"
    if name.startswith(_LOADER) or name in _BEFORE_THE_AGENT:
        return "would act before the agent does, and is not allowed"
    if not isinstance(text, str):
        return f"must be a string, not {json.dumps(text)[:SHOWN]}"
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        return "has a character that no variable can hold"
    return ""


def is_too_large(variables: Mapping[str, str]) -> bool:
    """More than LIMIT in all."""
    return sum(len(name) + len(text.encode()) for name, text in variables.items()) > LIMIT
