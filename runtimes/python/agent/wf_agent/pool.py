"""The ready processes of the mode `process`: made ahead, handed out, ended with all that they have left."""

import os

from wf_agent import leftovers, process, zygote
from wf_agent.call_process import CallProcess, Zygote

# Forked children share nearly all of their memory. Processes that load the handler themselves share nothing.
FORKED_SPARES = 8
ALONE_SPARES = 2
LOADING_AT_ONCE = 2
THREADS_NOTICE = b"[loading the handler has started threads: each call loads it anew, ahead of time]\n"


class Pool:
    """At most WF_CONCURRENCY processes are in use at once. `failed` says that the handler cannot be loaded."""

    def __init__(self, settings, loop, watch, temporary):
        self.failed = False
        self._settings = settings
        self._loop = loop
        self._watch = watch
        self._temporary = temporary
        self._alone = False
        self._loaded_once = False
        self._asked_to_load = False
        self._spares = []
        self._loading = set()
        self._taken = set()
        self._by_pid = {}  # every process for a call that is not reaped
        self._request = None  # the ends, token and folder of the child that the zygote was asked for
        self._earlier_logs = None  # of loading, for the first call
        self._refill_due = False
        self._farewells = {}
        loop.watch(watch.fd, self._children_ended)
        self._zygote = self._start_zygote()

    def load(self) -> None:
        """Somebody is there: load the handler, once."""
        if not self._asked_to_load:
            self._asked_to_load = True
            self._zygote.load()

    def take(self):
        """A ready process, or None."""
        if not self._spares or len(self._taken) >= self._settings.concurrency:
            return None
        taken = self._spares.pop(0)
        self._taken.add(taken)
        return taken

    def give_back(self, seat) -> None:
        """It was not called."""
        self._taken.discard(seat)
        seat.changed = self._spare_changed
        if seat.status is None or self._alone:
            self._spares.insert(0, seat)
        else:
            self._release(seat)

    def first_logs(self, seat) -> None:
        """Before a call: what loading has printed belongs to the first one."""
        if self._earlier_logs:
            seat.logs.follow(self._earlier_logs)
            self._earlier_logs = None

    def end(self, seat, farewell=None) -> None:
        """Kill it with all that it has started. `farewell()` is called when all that is over."""
        self._taken.discard(seat)
        self._refill_due = True
        seat.finished = True
        if farewell:
            self._farewells[seat] = farewell
        if seat.status is None:
            leftovers.end_tree(seat.pid)
        else:
            self._release(seat)

    # -- making processes

    @property
    def wants_more(self) -> bool:
        """There are fewer spares than there should be; a quiet moment is the time to make one."""
        return self._room(0) and not self.failed and not self._request and len(self._loading) < LOADING_AT_ONCE

    def tend(self, waiting: int, quiet: bool) -> None:
        """Make processes, one at a time: at once for those who wait, else after an answer or in a quiet moment."""
        needed = waiting > len(self._spares) + len(self._loading)
        if not needed and not (self.wants_more and (quiet or self._refill_due)):
            return
        self._refill_due = False
        if self._alone and self._room(waiting) and len(self._loading) < LOADING_AT_ONCE:
            self._start_alone()
        elif self._zygote and self._zygote.forks and not self._request and self._room(waiting):
            self._ask_zygote()

    def _room(self, waiting: int) -> bool:
        made = len(self._spares) + len(self._loading)
        most = self._settings.concurrency
        if self._alone:
            return made < max(ALONE_SPARES, waiting) and made + len(self._taken) < most
        return bool(self._zygote and self._zygote.forks) and made < min(FORKED_SPARES, most)

    def _start_zygote(self):
        folder = self._temporary.new()
        started = process.start(self._settings, zygote.serve(folder), Zygote)
        started.heard = self._zygote_says
        started.attach(self._loop, folder, self._zygote_changed)
        return started

    def _start_alone(self) -> None:
        folder = self._temporary.new()
        try:
            started = process.start(self._settings, zygote.serve_alone(folder), CallProcess)
        except OSError:  # no process to be had until what a call has left is ended
            self._temporary.remove(folder)
            return
        self._by_pid[started.pid] = started
        started.attach(self._loop, folder, self._spare_changed)
        started.load()
        self._loading.add(started)

    def _ask_zygote(self) -> None:
        token, folder = os.urandom(process.TOKEN_SIZE), self._temporary.new()
        own, childs = process.open_ends()
        self._request = own, token, folder
        self._zygote.fork(token + os.fsencode(folder), childs)

    # -- hearing of processes

    def _zygote_changed(self, _) -> None:
        """It has loaded the handler, well or not."""
        loaded = self._zygote
        if self._alone or not (loaded.forks or loaded.loaded or loaded.over):
            return
        if not self._loaded_once:
            self._loaded_once = True
            self._temporary.keep_what_is_there()
            self._earlier_logs = loaded.logs if loaded.forks else None
        if loaded.forks:
            self._temporary.remove(loaded.folder)
            loaded.folder = ""
        else:
            self._go_alone(loaded)

    def _go_alone(self, loaded) -> None:
        """The process that has loaded the handler serves a call itself."""
        self._alone = True
        self._zygote = None
        self.failed = loaded.failed or loaded.over
        if not self.failed:
            loaded.logs.note(THREADS_NOTICE)
        if loaded.status is None:
            self._by_pid[loaded.pid] = loaded
        loaded.changed = self._spare_changed
        self._spares.append(loaded)

    def _zygote_says(self, word: bytes, numbers: list) -> None:
        if word == b"ended":
            self._ended(*numbers)
            self._settle()
        elif self._request:
            self._forked(*numbers)

    def _forked(self, pid: int) -> None:
        (own, token, folder), self._request = self._request, None
        born = process.seen_as(CallProcess, pid, own, token, self._settings)
        born.loaded = True
        born.attach(self._loop, folder, self._spare_changed)
        self._by_pid[pid] = born
        self._spares.append(born)

    def _spare_changed(self, spare) -> None:
        if spare in self._loading and (spare.loaded or spare.over):
            self._loading.discard(spare)
            self._spares.append(spare)

    def _children_ended(self, _) -> None:
        reaped = self._watch.reap()
        removed = [pid for pid in reaped if self._temporary.removers.pop(pid, None)]
        for pid, status in reaped.items():
            if self._zygote and pid == self._zygote.pid:
                self._zygote_ended(status)
            else:
                self._ended(pid, status)
        if len(removed) < len(reaped):  # what cannot be removed must not be tried again and again
            self._settle()

    def _zygote_ended(self, status: int) -> None:
        """While it loads that is the outcome of loading. Later it was killed: another one takes its place."""
        self._zygote.ended(status)  # with all that it has said before
        if not self._zygote.forks:
            self._zygote_changed(self._zygote)
            return
        if self._request:
            own, _, folder = self._request
            process.close_ends(own)
            self._temporary.remove(folder)
            self._request = None
        self._zygote.release()
        self._zygote = self._start_zygote()
        self._zygote.load()

    def _ended(self, pid: int, status: int) -> None:
        ended = self._by_pid.pop(pid, None)
        if not ended:
            return
        ended.ended(status)
        ended.changed(ended)
        if ended in self._spares and not self._alone:
            self._spares.remove(ended)
            ended.finished = True
        if ended.finished:
            self._release(ended)

    def _release(self, ended) -> None:
        ended.release()
        self._temporary.remove(ended.folder)

    def _settle(self) -> None:
        """End what ended processes have left; when there is nothing more, say so to those who wait for it."""
        zygote_pid = {self._zygote.pid} if self._zygote else set()
        own = zygote_pid | set(self._by_pid) | set(self._temporary.removers)
        left = [pid for pid in leftovers.children(os.getpid()) if pid not in own]
        for pid in left:
            leftovers.end_tree(pid)
        if left:
            return  # their end is told, too
        for seat in [seat for seat in self._farewells if seat.status is not None]:
            self._farewells.pop(seat)()
        if not any(running.called for running in self._by_pid.values()):
            self._temporary.wipe_strays()

    def close(self) -> None:
        """The agent ends."""
        leftovers.end_below(os.getpid())
        self._temporary.close()
