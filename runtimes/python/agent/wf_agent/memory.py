"""Whether the kernel killed a process of this container because of its memory limit."""

import os

# cgroup version 2, then version 1. Both have a line "oom_kill <number of kills so far>".
COUNTERS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
SIZE = 4096


_open_counters = []  # the descriptor, from the first look on: two looks for each call


def oom_kills() -> int:
    """How many processes of this container the kernel has killed so far; 0 where it does not tell."""
    if not _open_counters:
        _open_counters.append(_opened())
    try:
        return _count(os.pread(_open_counters[0], SIZE, 0))
    except OSError:
        return 0


def _opened() -> int:
    for path in COUNTERS:
        try:
            return os.open(path, os.O_RDONLY)
        except OSError:
            continue
    return -1


def _count(counters: bytes) -> int:
    for line in counters.splitlines():
        name, _, value = line.partition(b" ")
        if name == b"oom_kill":
            return int(value)
    return 0


def offer_to_oom_killer() -> None:
    """Make this process and its children the kernel's first choice, however small they are: never the supervisor."""
    try:
        with open("/proc/self/oom_score_adj", "wb", buffering=0) as score:
            score.write(b"1000")
    except OSError:
        pass  # the kernel then takes the largest process, which is nearly always the handler's as well
