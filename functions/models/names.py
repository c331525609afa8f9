"""What a function may be called."""

from __future__ import annotations

import re

from django.core.validators import RegexValidator

from functions.errors import InvalidName

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")

validate_name = RegexValidator(rf"\A{NAME.pattern}\Z", " ".join((InvalidName.__doc__ or "").split()))


def checked(name: str) -> str:
    """The name itself; raises InvalidName when it is none."""
    if not NAME.fullmatch(name):
        raise InvalidName
    return name
