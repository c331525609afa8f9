"""Process 1: puts the parts of each mode together."""

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
    MODES[settings.mode](settings)


def container(settings) -> None:
    watch = signals.ChildWatch()
    # First of all, while this process is small; the child gets ready while the listener is made.
    handlers_process = process.start(settings)
    signals.end_on_sigterm(handlers_process.kill)
    OneCall(settings, listen(settings.channel), watch, handlers_process).serve()


def processes(settings) -> None:
    from wf_agent import leftovers
    from wf_agent.loop import Loop
    from wf_agent.pool import Pool
    from wf_agent.server import Server
    from wf_agent.temporary import Temporary

    leftovers.adopt_orphans()
    signals.end_on_sigterm(lambda: leftovers.end_below(os.getpid()))
    loop, watch = Loop(), signals.ChildWatch()
    pool = Pool(settings, loop, watch, Temporary(settings.temporary))
    Server(settings, loop, listen(settings.channel), pool).run()
    pool.close()


def shared(settings) -> None:
    """The agent itself is a child, so that process 1 runs no user code and gets over whatever happens to it."""
    from wf_agent import leftovers

    leftovers.adopt_orphans()
    pid = os.fork()
    if pid == 0:
        from wf_agent import threads

        threads.serve(settings)
    signals.end_on_sigterm(lambda: leftovers.end_below(os.getpid()))
    status = signals.wait_for(pid)
    leftovers.end_below(os.getpid())
    sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


MODES = {"container": container, "process": processes, "shared": shared}
