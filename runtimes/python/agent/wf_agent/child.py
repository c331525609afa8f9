"""The handler's process, from its fork to its end. User code runs here and nowhere else."""

import os
import stat
import sys
from os import _exit  # by itself: whatever user code does to `os`, this process ends where it must

from wf_agent import codec, frames, handler, memory, outcome, signals
from wf_agent.process import CHANNEL_LOST, FAILED, close_from

CONTROL = 3
FIRST_UNUSED = CONTROL + 1
SAMPLE_CALL = (
    b'{"type":"call","id":"","event":{"n":[1.5,null]},"context":{"call_id":"","function_name":"","function_version":"",'
    b'"memory_limit_in_mb":1,"deadline_ms":1}}'
)


class ChannelLostError(Exception):
    """User code has closed or replaced the descriptor that leads to the supervisor, or the supervisor is gone."""


class Channel:
    """This process's end of the socket pair. `token` opens every message, see process.HandlerProcess."""

    def __init__(self, fd: int, token: bytes):
        self._fd = fd
        self._token = token
        self._identity = _identity(fd)
        self._owner = os.getpid()
        self._incoming = frames.FrameBuffer()

    def receive(self) -> bytes:
        payload = self._incoming.take()
        while payload is None:
            self._check()
            data = os.read(self._fd, frames.READ_SIZE)
            if not data:
                raise ChannelLostError
            self._incoming.feed(data)
            payload = self._incoming.take()
        return payload

    def send(self, payload: bytes) -> None:
        self._check()
        frames.send(self._fd, self._token + payload)

    def tell(self, payload: bytes) -> None:
        """The same for a few bytes, which go at once, and where no user code runs any more."""
        message = self._token + payload
        os.write(self._fd, len(message).to_bytes(frames.HEADER, "big") + message)

    def _check(self) -> None:
        """User code may have closed every descriptor, and its own file may have got the number since.

        It may also have forked, and let the copy return from the handler as well: only the original answers.
        """
        if os.getpid() != self._owner:
            _exit(0)
        if _identity(self._fd) != self._identity:
            raise ChannelLostError


def _identity(fd: int):
    try:
        status = os.fstat(fd)
    except OSError:
        return None
    return stat.S_ISSOCK(status.st_mode), status.st_dev, status.st_ino


def main(settings, ends, token: bytes, serve) -> None:
    """Run `serve(settings, channel)`. Never returns: what is further up the stack belongs to the supervisor."""
    status = 1
    try:
        signals.restore_defaults()
        _wire(ends)
        memory.offer_to_oom_killer()
        serve(settings, Channel(CONTROL, token))
        status = 0
    except ChannelLostError:
        status = CHANNEL_LOST
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        _exit(status)


def empty_stdin() -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    if null > CONTROL:
        os.close(null)


def connect(ends) -> None:
    """1 and 2 are the pipes, 3 leads to the supervisor."""
    control, stdout, stderr = ends
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.dup2(control, CONTROL, inheritable=False)


def _wire(ends) -> None:
    """Nothing else of the supervisor's stays open."""
    empty_stdin()
    connect(ends)
    close_from(FIRST_UNUSED)
    sys.stdout = sys.__stdout__ = _text_stream(1)
    sys.stderr = sys.__stderr__ = _text_stream(2)


def _text_stream(fd: int):
    """By line, so that nothing is lost when the process ends without a word; odd characters never raise in a log."""
    return open(fd, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)


def serve(settings, channel: Channel) -> None:
    """Load the handler when the first message says so; the second one is the call."""
    channel.receive()
    function, failure = load(settings.handler)
    channel.send(FAILED if failure else b"")
    serve_call(settings, channel, function, failure)


def serve_call(settings, channel: Channel, function, failure=None) -> None:
    call = codec.decode(channel.receive())
    answer = failure or invoke(function, call, settings.result_limit)
    flush()
    channel.send(answer)


def warm(result_limit: int) -> None:
    """A call to nobody: the memory that the agent's code touches is this process' own before the real one comes."""
    invoke(lambda event, context: None, codec.decode(SAMPLE_CALL), result_limit)
    flush()


def load(notation: str):
    """The handler and None, or None and the error frame."""
    try:
        return handler.load(notation, os.getcwd()), None
    except BaseException as error:
        return None, outcome.error_frame("init", error)
    finally:
        flush()


def invoke(function, call: dict, result_limit: int) -> bytes:
    context = handler.Context(call["context"])
    clock = outcome.Clock()
    try:
        value = function(call["event"], context)
    except BaseException as error:
        return outcome.error_frame("handler", error, **clock.stop())
    return outcome.result_frame(value, clock.stop(), result_limit)


def flush() -> None:
    """Push out what Python and the C library hold back. The handler may have closed or replaced any of it."""
    for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
        try:
            getattr(sys, name).flush()
        except BaseException:
            continue
    if "ctypes" in sys.modules:  # C code that prints through a buffer is nearly always called by this module
        try:
            sys.modules["ctypes"].CDLL(None).fflush(None)
        except BaseException:
            return
