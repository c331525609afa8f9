"""A process: the supervisor over shell commands, with the habits that a test wants of it and of them.

`python -m tests.workerfront.supervised HABITS COMMAND...`; each command writes the number of its process.
"""

from __future__ import annotations

import sys

import django

django.setup()

from workerfront import child, members, supervisor  # noqa: E402 -- they read the settings

HABITS, COMMANDS = sys.argv[1].split(","), sys.argv[2:]


class Member(members.Member):
    _starts = 0

    def start(self) -> None:
        self._starts += 1
        if "fails-to-start-again" in HABITS and self._starts in (2, 3):
            raise OSError("such as a database that is away")
        super().start()

    def look(self, now: float) -> None:
        self.works = "works" in HABITS

    def is_stuck(self, now: float) -> bool:
        return "stuck" in HABITS


class Supervisor(supervisor.Supervisor):
    def _has_calls(self) -> bool:
        if "calls" in HABITS:
            print("waits", flush=True)
        return "calls" in HABITS


def announce() -> None:
    if "unheard" in HABITS:
        raise BrokenPipeError


def main() -> int:
    supervisor.STOP_LIMIT_S = 0.5
    supervisor.hold_signals()
    child.adopt_orphans()
    running = [Member(command, ["sh", "-c", command]) for command in COMMANDS]
    later = [running.pop()] if "later" in HABITS else []
    return Supervisor(running, later, announce).run()


if __name__ == "__main__":
    sys.exit(main())
