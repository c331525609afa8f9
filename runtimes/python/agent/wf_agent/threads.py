"""The mode `shared`: every call is a thread of one process, which the supervisor only watches."""

import os
import sys
import threading

from wf_agent import child, codec, outcome, output
from wf_agent.logs import LogCapture


class CallLog(LogCapture):
    """The log of one call, written by threads."""

    def __init__(self, limit: int, wake):
        super().__init__({}, limit)
        self._wake = wake
        self._lock = threading.Lock()
        self._over = False

    def write(self, name: str, data: bytes) -> bool:
        """False when the call is over: a thread has outlived it."""
        with self._lock:
            if self._over:
                return False
            self._keep(name, data)
        self._wake()
        return True

    def is_passed_on(self) -> bool:
        with self._lock:
            return not self._pending

    def take(self) -> list:
        with self._lock:
            return super().take()

    def finish(self) -> list:
        self.end()
        return super().finish()

    def end(self) -> None:
        with self._lock:
            self._over = True


class ThreadCall:
    """A place for one call; it has the interface of call_process.CallProcess that the server needs."""

    changed = None

    def __init__(self, settings, function, failure, logs, wake):
        self.logs = logs
        self.outcome = None
        self._limit = settings.result_limit
        self._function = function
        self._failure = failure
        self._wake = wake

    @property
    def over(self) -> bool:
        return self.outcome is not None

    def last_frame(self) -> bytes:
        return self.outcome

    def count_kills(self) -> None:
        """Whoever is killed here, all are."""

    def send(self, payload: bytes) -> None:
        output.current_log.set(self.logs)
        try:
            threading.Thread(target=self._run, args=(payload,), daemon=True).start()
        except (MemoryError, RuntimeError) as error:  # there is none to be had
            self.outcome = outcome.error_frame("exit", error)
        finally:
            output.current_log.set(None)

    def _run(self, payload: bytes) -> None:
        try:
            answer = self._failure or child.invoke(self._function, codec.decode(payload), self._limit)
        except BaseException as error:  # the payload is no call
            answer = outcome.error_frame("exit", error)
        child.flush()
        self.outcome = answer
        self._wake()


class Threads:
    """At most WF_CONCURRENCY calls at once. `failed` says that the handler cannot be loaded."""

    def __init__(self, settings, loop):
        self.failed = False
        self._settings = settings
        self._loaded = None  # the handler and None, or None and an error frame
        self._loading_log = None
        self._in_use = set()
        self._wake_end, self._wake_fd = os.pipe()
        for fd in (self._wake_end, self._wake_fd):
            os.set_blocking(fd, False)
        loop.watch(self._wake_end, self._woken)

    def load(self) -> None:
        if self._loaded is None:
            self._loading_log = self._new_log()
            output.current_log.set(self._loading_log)
            self._loaded = child.load(self._settings.handler)
            output.current_log.set(None)
            self.failed = self._loaded[0] is None

    def take(self):
        if len(self._in_use) >= self._settings.concurrency:
            return None
        taken = ThreadCall(self._settings, *self._loaded, self._new_log(), self._wake)
        self._in_use.add(taken)
        return taken

    def call(self, seat, payload: bytes) -> bool:
        if self._loading_log:
            self._loading_log.end()
            seat.logs.follow(self._loading_log)
            self._loading_log = None
        seat.send(payload)
        return True

    def give_back(self, seat) -> None:
        self._in_use.discard(seat)

    def end(self, seat, farewell=None) -> None:
        """A thread cannot be ended: given up, it goes on for itself."""
        self._in_use.discard(seat)
        seat.logs.end()
        if farewell:
            farewell()

    def tend(self, waiting: int, quiet: bool) -> None:
        """There is nothing to be made ahead."""

    def patience(self) -> None:
        """For ever."""

    def _new_log(self) -> CallLog:
        return CallLog(self._settings.log_limit, self._wake)

    def _wake(self) -> None:
        try:
            os.write(self._wake_fd, b"x")
        except BlockingIOError:
            pass  # it is awake already

    def _woken(self, _event) -> None:
        os.read(self._wake_end, 4096)
        for seat in list(self._in_use):
            if seat.changed:
                seat.changed(seat)


def serve(settings) -> None:
    """Run the agent in this process, which the function may end as it likes. Never returns."""
    from wf_agent.listener import listen
    from wf_agent.loop import Loop
    from wf_agent.server import Server

    status = 1
    try:
        _end_a_thread()
        output.route()
        loop = Loop()
        Server(settings, loop, listen(settings.channel), Threads(settings, loop)).run()
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        child.flush()
        os._exit(status)


def _end_a_thread() -> None:
    """The first one that ends loads a library, and the process aborts when a call has taken all descriptors by then."""
    first = threading.Thread(target=int)
    first.start()
    first.join()
