"""What the worker asks of this agent, read from the environment once."""

MODES = ("container", "process", "shared")


class SettingsError(Exception):
    """A variable is missing or has a value that this agent does not know."""


class Settings:
    """The WF_ variables of docs/agents.md. They are taken out of `environment`: the handler must not see them."""

    def __init__(self, environment):
        self.channel = _take(environment, "WF_CHANNEL")
        self.handler = _take(environment, "WF_HANDLER")
        self.mode = _take(environment, "WF_MODE")
        self.runtime = _take(environment, "WF_RUNTIME")
        self.log_limit = _take_size(environment, "WF_LOG_LIMIT", "262144")
        self.result_limit = _take_size(environment, "WF_RESULT_LIMIT", "6291456")
        self.lifetime_s = _take_seconds(environment, "WF_LIFETIME")
        self.concurrency = max(1, _take_size(environment, "WF_CONCURRENCY", "8", "number of calls"))
        self.temporary = environment.pop("WF_TMP", "")
        # Not needed here: an interpreter has no limit for its own heap, and leftovers are found by their parents.
        environment.pop("WF_MEMORY", None)
        environment.pop("WF_ALONE", None)
        if self.mode not in MODES:
            raise SettingsError("WF_MODE is %r; this agent knows %s" % (self.mode, ", ".join(MODES)))


def _take(environment, name: str, default: str = "") -> str:
    value = environment.pop(name, default)
    if not value:
        raise SettingsError("%s is not set" % name)
    return value


def _take_size(environment, name: str, default: str, unit: str = "number of bytes") -> int:
    value = _take(environment, name, default)
    if not value.isdigit():
        raise SettingsError("%s is %r, which is no %s" % (name, value, unit))
    return int(value)


def _take_seconds(environment, name: str):
    """A number, or None for no limit."""
    value = environment.pop(name, "") or "0"
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise SettingsError("%s is %r, which is no number of seconds" % (name, value))
    return seconds or None
