"""What a function may be called."""

from __future__ import annotations

import re

from django.core.validators import RegexValidator

from functions.errors import InvalidName

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")

validate_name = RegexValidator(rf"\A{NAME.pattern}\Z", " ".join((InvalidName.__doc__ or "").split()))


def tag_of(name: str) -> str:
    """What the image of this function is called, and its containers' names begin with: the original's clients know it.

    Lower case, because the engine takes no other.
    """
    return f"hf_{name.lower()}"


def checked(name: str) -> str:
    """The name itself; raises InvalidName when it is none."""
    if not NAME.fullmatch(name):
        raise InvalidName
    return name
