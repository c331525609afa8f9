"""Worker Front's Python agent: runs a function's handler and speaks the frames of docs/agents.md.

The supervisor (supervisor.py and what it imports) is process 1. It runs no user code, and in the modes `container` and
`process` it owns the connections: all that a handler's process can do to the outside is to print, to end, and to hand
messages to the supervisor.

- `container` (container.py): one forked child (child.py) loads the handler and serves the call.
- `process` (server.py, pool.py): one forked child (zygote.py) loads the handler and is forked again for each call.
- `shared` (server.py, threads.py): one forked child does all this itself, with a thread for each call.

The modules import as little as they can, because each import is part of every cold start.
"""

AGENT_VERSION = 2
