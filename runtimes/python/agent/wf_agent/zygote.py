"""The process that loads the handler once and forks a ready process for every call. No call runs in it.

Unless loading has failed, or has started threads, which a fork does not copy, or has connected somewhere: calls at once
would read each other's answers. It then serves one call itself, as the process of the mode `container` does, and each
further call gets such a process of its own.
"""

import _socket
import gc
import os
import select
import stat
import sys
from time import monotonic, sleep

from wf_agent import child, leftovers, signals, temporary
from wf_agent.process import CONNECTIONS, FAILED, THREADS, TOKEN_SIZE, close_ends

ENDS = 3
# A thread that was joined may need a moment to leave the kernel's list.
THREADS_END_S = 0.05
NO_PROCESS_S = 0.05
# Within a container only, as the processors are shared out between containers first. A thousand processes of one call
# leave the supervisor enough to end them.
NICENESS = 19


def serve(folder: str):
    """What the zygote runs; `folder` is the temporary folder of the call that it may have to serve itself."""

    def run(settings, channel) -> None:
        channel.receive()
        function, failure = child.load(settings.handler)
        hindrance = FAILED if failure else _hindrance()
        if hindrance:
            channel.send(hindrance)
            _prepare(folder)
            child.serve_call(settings, channel, function, failure)
        else:
            channel.send(b"zygote")
            _fork_calls(settings, channel, function)

    return run


def serve_alone(folder: str):
    """What a process runs that loads the handler itself, ahead of its call."""

    def run(settings, channel) -> None:
        _prepare(folder)
        child.serve(settings, channel)

    return run


def _prepare(folder: str) -> None:
    """For a call: its leftovers stay below it, and the supervisor gets the processor whatever it does."""
    leftovers.adopt_orphans()
    temporary.use(folder)
    os.nice(NICENESS)


def _hindrance() -> bytes:
    """To being forked; empty when there is none."""
    if _has_threads():
        return THREADS
    gc.collect()  # what loading has dropped is closed
    others = set(map(int, os.listdir("/proc/self/fd"))) - {child.CONTROL}
    return CONNECTIONS if any(map(_is_connected, others)) else b""


def _is_connected(fd: int) -> bool:
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            return False
        connection = _socket.socket(fileno=fd)
        try:
            connection.getpeername()
        finally:
            connection.detach()
    except OSError:
        return False
    return True


def _has_threads() -> bool:
    give_up = monotonic() + THREADS_END_S
    while len(os.listdir("/proc/self/task")) > 1:
        if monotonic() > give_up:
            return True
        sleep(0.001)
    return False


def _fork_calls(settings, channel, function) -> None:
    """Until the supervisor is gone. A forked child comes out of here, too, when it has served its call."""
    _fill_low_descriptors()
    gc.freeze()  # what is shared with the children stays shared: the collector does not write into it
    requests = _socket.socket(fileno=os.dup(child.CONTROL))
    watch = signals.ChildWatch()
    poll = select.poll()
    poll.register(requests, select.POLLIN)
    poll.register(watch.fd, select.POLLIN)
    while True:
        ready = {fd for fd, _ in poll.poll()}
        if watch.fd in ready:
            _tell_ended(channel, watch)
        if requests.fileno() in ready:
            request, ends = _receive(requests)
            if not request:
                return
            if not _fork(channel, watch):
                watch.forget()
                requests.close()
                _serve_call(settings, request, ends, function)
                return
            close_ends(ends)


def _fill_low_descriptors() -> None:
    """Loading may have closed stdin, stdout or stderr; their numbers must not go to something else."""
    fd = 0
    while fd <= child.CONTROL:
        fd = os.open(os.devnull, os.O_RDWR)
    os.close(fd)


def _tell_ended(channel, watch) -> None:
    for pid, status in watch.reap().items():
        channel.send(b"ended %d %d" % (pid, status))


def _receive(requests):
    """A request and the descriptors that came with it; empty when the supervisor is gone."""
    request, ancillary, _, _ = requests.recvmsg(4096, _socket.CMSG_SPACE(4 * ENDS))
    data = b"".join(content for _, _, content in ancillary)
    return request, [
        int.from_bytes(data[at : at + 4], sys.byteorder) for at in range(0, 4 * ENDS, 4)
    ] if request else []


def _fork(channel, watch) -> bool:
    """False in the child. There may be no process to be had until what a call has left is ended."""
    while True:
        try:
            pid = os.fork()
        except OSError:
            _tell_ended(channel, watch)
            sleep(NO_PROCESS_S)
            continue
        if pid:
            channel.send(b"forked %d" % pid)
        return bool(pid)


def _serve_call(settings, request: bytes, ends: list, function) -> None:
    child.connect(ends)
    close_ends(ends)
    _prepare(os.fsdecode(request[TOKEN_SIZE:]))
    _make_random_again()
    child.warm(settings.result_limit)
    child.serve_call(settings, child.Channel(child.CONTROL, request[:TOKEN_SIZE]), function)


def _make_random_again() -> None:
    """`random` sees to it itself; NumPy's would give the same numbers to every call."""
    numbers = sys.modules.get("numpy.random")
    if numbers:
        numbers.seed()
