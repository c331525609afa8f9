"""Which tests run in one process when there are several (`-n`): those that share a worker or built functions.

Not by marks of `xdist_group`: xdist writes them into node ids in a way that this pytest does not take, without a word.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# A worker asks the engine for its images every few seconds, which costs the engine more than most tests do: there is to
# be one session's worker, not one in each process. A file that is missing here costs time and nothing else.
OF_THE_SESSIONS_WORKER = (
    "tests/contract/",
    "tests/docker/test_bad_packages.py",
    "tests/docker/test_bad_requests.py",
    "tests/docker/test_configure.py",
    "tests/docker/test_isolation.py",
    "tests/docker/test_left_behind.py",
    "tests/docker/test_limits.py",
    "tests/docker/test_processes.py",
    "tests/docker/test_request_edges.py",
    "tests/docker/test_vanished.py",
)


OF_THE_COMPILED_JAVA_AGENT = ("tests/runtimes/test_java_",)


class BySharedParts(LoadScopeScheduling):
    """Gives a process all tests of a file; and one of them all that need something that takes long to make."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(OF_THE_SESSIONS_WORKER):
            return "the session's worker"
        if nodeid.startswith(OF_THE_COMPILED_JAVA_AGENT):
            return "the compiled Java agent"
        return nodeid.partition("::")[0]
