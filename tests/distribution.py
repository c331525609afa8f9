"""Which tests run in one process when there are several (`-n`): those that share a worker or built functions.

Not by marks of `xdist_group`: xdist writes them into node ids in a way that this pytest does not take, without a word.
"""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling

from runtimes import registry

PARAMETERS = re.compile(r"\[(.*)\]$")


def shared(node_id: str) -> str:
    """The contract's functions are those of a runtime; elsewhere a file shares what it needs."""
    found = PARAMETERS.search(node_id)
    runtimes = set(found[1].split("-") if found else ()) & set(registry.names())
    return runtimes.pop() if runtimes else node_id.partition("::")[0]


class BySharedParts(LoadScopeScheduling):
    """Gives a process all tests that share something, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return shared(nodeid)
