"""Worker Front's Python agent: runs a function's handler and speaks the frames of docs/agents.md.

Two processes. The supervisor (container.py and what it imports) is process 1: it listens, owns the connection and runs
no user code. The handler's process (child.py and what it imports) is its forked child: all it can do to the outside is
to print, to end, and to hand one message to the supervisor.

The modules import as little as they can, because each import is part of every cold start.
"""

AGENT_VERSION = 2
