"""The ready processes of the mode `process`: made ahead, and handed out."""

import os
from time import monotonic

from wf_agent import process, zygote
from wf_agent.call_process import CallProcess, Zygote
from wf_agent.reaper import Reaper

# Forked children share nearly all of their memory. Processes that load the handler themselves share nothing.
FORKED_SPARES = 8
ALONE_SPARES = 2
LOADING_AT_ONCE = 2
# So few are left that the next one is made right after an answer.
FEW_SPARES = 3
# A moment without anything to do, in which a process is made ahead. Who has his `ready` calls sooner than that, and a
# fork would take a processor from his call.
QUIET_S = 0.005
# Before something is tried again that has failed: a call may have taken all memory, processes or files for a while.
RETRY_S = 0.1
FEW_FAILURES = 3
NOTICE = b"[loading the handler has %s: each call loads it anew, ahead of time]\n"
HINDRANCES = {process.THREADS: b"started threads", process.CONNECTIONS: b"opened connections"}


class Pool:
    """At most WF_CONCURRENCY processes are in use at once. `failed` says that the handler cannot be loaded."""

    def __init__(self, settings, loop, watch, temporary):
        self.failed = False
        self._settings = settings
        self._loop = loop
        self._temporary = temporary
        self._reaper = Reaper(loop, watch, temporary)
        self._alone = False
        self._asked_to_load = False
        self._loaded_once = False
        self._failures = 0  # since the handler was loaded last
        self._retry_at = 0
        self._spares = []
        self._loading = set()
        self._taken = set()
        self._zygote = None
        self._request = None  # the ends, token and folder of the child that the zygote was asked for
        self._earlier_logs = None  # of loading, for the first call
        self._refill_due = False
        self._start_zygote()

    def load(self) -> None:
        """Somebody is there: load the handler, once."""
        if not self._asked_to_load:
            self._asked_to_load = True
            if self._zygote:
                self._load(self._zygote)

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
        self._spares.insert(0, seat)
        self._spare_changed(seat)

    def call(self, seat, payload: bytes) -> bool:
        """False when it has ended before, so that the call needs another one."""
        if (seat.over or not seat.send(payload)) and not self.failed:
            self.end(seat)
            return False
        if self._earlier_logs:
            seat.logs.follow(self._earlier_logs)
            self._earlier_logs = None
        return True

    def end(self, seat, farewell=None) -> None:
        """Kill it with all that it has started. `farewell()` is called when all that is over."""
        self._taken.discard(seat)
        self._refill_due = self._lacks_zygote() or len(self._spares) < FEW_SPARES
        self._reaper.end(seat, farewell)

    # -- making processes

    def patience(self):
        """Seconds until there may be something to make though nothing happens, or None."""
        pause = self._retry_at - monotonic()
        if pause > 0:
            return pause
        return QUIET_S if self._wants_more() else None

    def _wants_more(self) -> bool:
        """There is less than there should be; a quiet moment is the time to make one."""
        if self.failed or self._request or len(self._loading) >= LOADING_AT_ONCE:
            return False
        return self._lacks_zygote() or self._room(0)

    def tend(self, waiting: int, quiet: bool) -> None:
        """Make processes, one at a time: at once for those who wait, else after an answer or in a quiet moment."""
        needed = waiting > len(self._spares) + len(self._loading)
        if not needed and not ((quiet or self._refill_due) and self._wants_more()):
            return
        if monotonic() < self._retry_at:
            return
        self._refill_due = False
        if self._lacks_zygote():
            self._start_zygote()
        elif self._alone and self._room(waiting) and len(self._loading) < LOADING_AT_ONCE:
            self._start_alone()
        elif self._room(waiting) and not self._alone and not self._request:
            self._ask_zygote()

    def _lacks_zygote(self) -> bool:
        return not self._alone and not self._zygote

    def _room(self, waiting: int) -> bool:
        made = len(self._spares) + len(self._loading)
        most = self._settings.concurrency
        if self._alone:
            return made < max(ALONE_SPARES, waiting) and made + len(self._taken) < most
        return bool(self._zygote and self._zygote.forks) and made < min(FORKED_SPARES, most)

    def _start_zygote(self) -> None:
        self._zygote = self._start(zygote.serve, Zygote, self._zygote_changed)
        if self._zygote:
            self._zygote.heard = self._zygote_says
            if self._asked_to_load:
                self._load(self._zygote)

    def _start_alone(self) -> None:
        started = self._start(zygote.serve_alone, CallProcess, self._spare_changed)
        if started:
            self._load(started)

    def _start(self, serve, kind, changed):
        """A process with a temporary folder, or None when there can be none now."""
        folder = self._temporary.new()
        try:
            started = process.start(self._settings, serve(folder), kind)
        except OSError:
            self._temporary.remove(folder)
            self._pause()
            return None
        started.attach(self._loop, folder, changed)
        self._reaper.follow(started)
        return started

    def _load(self, started) -> None:
        self._loading.add(started)
        started.load()

    def _ask_zygote(self) -> None:
        try:
            own, childs = process.open_ends()
        except OSError:
            self._pause()
            return
        token, folder = os.urandom(process.TOKEN_SIZE), self._temporary.new()
        self._request = own, token, folder
        self._zygote.fork(token + os.fsencode(folder), childs)

    def _pause(self) -> None:
        self._retry_at = monotonic() + RETRY_S

    # -- hearing of processes

    def _zygote_changed(self, changed) -> None:
        """It has loaded the handler, well or not; later it was killed, and another one takes its place."""
        if changed in self._loading:
            if changed.forks or changed.loaded or changed.over:
                self._zygote_has_loaded(changed)
        elif changed is self._zygote and changed.over:
            self._drop_request()
            self._zygote = None
            self.end(changed)

    def _zygote_has_loaded(self, loaded) -> None:
        is_first = not self._loaded_once
        if not self._note_loaded(loaded):
            self._zygote = None
        elif loaded.forks and not loaded.over:
            if is_first:
                self._earlier_logs = loaded.logs
            self._temporary.remove(loaded.folder)
            loaded.folder = ""
        else:
            self._go_alone(loaded)
        self._reaper.wipe()

    def _note_loaded(self, loaded) -> bool:
        """Note how loading went. Who has failed is of use to say so, unless a few more tries may do better."""
        self._loading.discard(loaded)
        loaded.busy = False
        if not (loaded.failed or loaded.over):
            if not self._loaded_once:
                self._temporary.keep_what_is_there()
            self._loaded_once, self._failures = True, 0
            return True
        if not self._taken:
            self._failures += 1
        self.failed = self.failed or not self._loaded_once or self._failures > FEW_FAILURES
        if not self.failed:
            self._pause()
            self.end(loaded)
        return self.failed

    def _go_alone(self, loaded) -> None:
        """The process that has loaded the handler serves a call itself."""
        self._alone = True
        self._zygote = None
        if not self.failed:
            loaded.logs.note(NOTICE % HINDRANCES[loaded.hindrance])
        loaded.changed = self._spare_changed
        self._spares.append(loaded)

    def _zygote_says(self, word: bytes, numbers: list) -> None:
        if word == b"ended":
            pid, status = numbers
            self._reaper.reaped({pid: status})
        elif self._request:
            self._forked(*numbers)

    def _forked(self, pid: int) -> None:
        (own, token, folder), self._request = self._request, None
        born = process.seen_as(CallProcess, pid, own, token, self._settings)
        born.loaded = True
        born.attach(self._loop, folder, self._spare_changed)
        self._reaper.follow(born)
        self._spares.append(born)

    def _drop_request(self) -> None:
        if self._request:
            own, _, folder = self._request
            process.close_ends(own)
            self._temporary.remove(folder)
            self._request = None

    def _spare_changed(self, spare) -> None:
        """It has loaded the handler, well or not; later it has ended uncalled, and another one takes its place."""
        if spare in self._loading:
            if spare.loaded or spare.over:
                if self._note_loaded(spare):
                    self._spares.append(spare)
                self._reaper.wipe()
        elif spare in self._spares and spare.over and not self.failed:
            self._spares.remove(spare)
            self.end(spare)
            if self._alone:  # it may be the handler that ends it each time
                self._pause()

    def close(self) -> None:
        """The agent ends."""
        self._reaper.close()
