"""Process 1: puts the parts together."""

import os
import sys

from wf_agent import process, signals
from wf_agent.container import OneCall
from wf_agent.listener import listen
from wf_agent.settings import Settings, SettingsError


def main() -> None:
    """Run the agent to its end. A bad setting is said on stderr, status 2."""
    try:
        settings = Settings(os.environ)
    except SettingsError as error:
        sys.stderr.write("agent: %s\n" % error)
        sys.exit(2)
    watch = signals.ChildWatch()
    # First of all, while this process is small; the child gets ready while the listener is made.
    handlers_process = process.start(settings)
    signals.end_on_sigterm(handlers_process.pid)
    OneCall(settings, listen(settings.channel), watch, handlers_process).serve()
