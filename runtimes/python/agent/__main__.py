"""Starts the agent. Everything else is in the package wf_agent, so that its byte code is kept.

Run as a file, not as a folder: for a folder the interpreter imports `runpy`, which doubles the time of a cold start.
"""

import sys

if __name__ == "__main__":  # multiprocessing's spawn imports this file once more
    sys.path.insert(0, __file__.rpartition("/")[0] or ".")  # -I leaves a script's folder out

    from wf_agent.supervisor import main

    main()
