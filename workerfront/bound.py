"""`python -m workerfront.bound MODULE ...`: as `python -m MODULE ...`, with each of its processes bound to its parent.

Django-q2 and granian fork the processes that do their work, which would outlive a head that is killed.
"""

from __future__ import annotations

import multiprocessing
import runpy
import sys

from workerfront import child

if __name__ == "__main__":
    child.bind_forks()
    multiprocessing.set_start_method("fork")  # Python 3.14 has another one
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
