"""What the worker asks of this agent, read from the environment once."""

MODES = ("container",)


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
        if self.mode not in MODES:
            raise SettingsError("WF_MODE is %r; this agent knows %s" % (self.mode, ", ".join(MODES)))


def _take(environment, name: str, default: str = "") -> str:
    value = environment.pop(name, default)
    if not value:
        raise SettingsError("%s is not set" % name)
    return value


def _take_size(environment, name: str, default: str) -> int:
    value = _take(environment, name, default)
    if not value.isdigit():
        raise SettingsError("%s is %r, which is no number of bytes" % (name, value))
    return int(value)
