"""Follows the processes of the mode `process` to their end, and does away with all that they leave."""

import os

from wf_agent import leftovers


class Reaper:
    """A process that ends before it was told to gets a call of its `changed`."""

    def __init__(self, loop, watch, temporary):
        self._watch = watch
        self._temporary = temporary
        self._children = leftovers.OwnChildren()
        self._by_pid = {}  # every process that is not reaped
        self._farewells = {}
        loop.watch(watch.fd, lambda _: self.reaped(watch.reap()))

    def follow(self, process) -> None:
        self._by_pid[process.pid] = process

    def end(self, process, farewell=None) -> None:
        """Kill it, and what it has started when that is adopted. `farewell()` is called when all that is over."""
        process.finish()
        if farewell:
            self._farewells[process] = farewell
        if process.status is None:
            process.kill()
        else:
            self._release(process)

    def reaped(self, statuses: dict) -> None:
        """Statuses by pid, from the kernel or from the zygote."""
        removed = [pid for pid in statuses if self._temporary.removers.pop(pid, None)]
        for pid, status in statuses.items():
            self._ended(pid, status)
        if len(removed) < len(statuses):  # what cannot be removed must not be tried again and again
            self._settle()

    def _ended(self, pid: int, status: int) -> None:
        ended = self._by_pid.pop(pid, None)
        if not ended:
            return
        ended.ended(status)
        if ended.finished:
            self._release(ended)
        else:
            ended.changed(ended)

    def _release(self, ended) -> None:
        ended.close()
        self._temporary.remove(ended.folder)

    def _settle(self) -> None:
        """End what ended processes have left; when there is nothing more, say so to those who wait for it."""
        own = set(self._by_pid) | set(self._temporary.removers)
        left = [pid for pid in self._children.pids() if pid not in own]
        for pid in left:
            leftovers.end_tree(pid)
        if left:
            return  # their end is told, too
        for process in [process for process in self._farewells if process.status is not None]:
            self._farewells.pop(process)()
        self.wipe()

    def wipe(self) -> None:
        """What calls have left of their files, unless a call runs or a process that loads may need them."""
        if not any(process.busy for process in self._by_pid.values()):
            self._temporary.wipe_strays()

    def close(self) -> None:
        """The agent ends."""
        leftovers.end_below(os.getpid())
        self._temporary.close()
