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

ENDS_SIZE = _socket.CMSG_SPACE(3 * 4)
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
    child.empty_stdin()
    _do_once(settings)
    gc.freeze()  # what is shared with the children stays shared: the collector does not write into it
    request, ends = _fork_when_asked(channel)
    if request:
        _serve_call(settings, request, ends, function)


def _do_once(settings) -> None:
    """What the interpreter and the C library do when they do something for the first time, not again in each child."""
    child.warm(settings.result_limit)
    os.environ.update(os.environ)  # the C library copies them all at the first change
    os.nice(0)


def _fork_when_asked(channel):  # noqa: C901 -- in one piece, for the reason that it gives
    """In a child: its request, and the ends that came with it. In the zygote: nothing, as the supervisor is gone.

    All in one function, with local names: whatever else Python touches, if only to count a reference, lies in a page
    that must be copied anew after every fork.
    """
    requests = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, os.dup(child.CONTROL))
    watch, poll = signals.ChildWatch(), select.poll()
    poll.register(watch.fd, select.POLLIN)
    poll.register(requests, select.POLLIN)
    poll_both, receive, tell, ended = poll.poll, requests.recvmsg, channel.tell, watch.fd
    number, order = int.from_bytes, sys.byteorder
    fork, wait, read, close, no_hang = os.fork, os.waitpid, os.read, os.close, os.WNOHANG
    while True:
        for fd, _ in poll_both():
            if fd == ended:
                read(fd, 4096)  # before anybody else could, as it was registered first
                try:
                    pid, status = wait(-1, no_hang)
                    while pid:
                        tell(b"ended %d %d" % (pid, status))
                        pid, status = wait(-1, no_hang)
                except ChildProcessError:  # that was the last one
                    pass
                continue
            request, ancillary, _, _ = receive(4096, ENDS_SIZE)
            if not request:
                return request, ()
            fds = ancillary[0][2]
            control, stdout, stderr = number(fds[:4], order), number(fds[4:8], order), number(fds[8:], order)
            try:
                pid = fork()
            except OSError:
                pid = _fork_later(channel, watch)
            if not pid:
                watch.forget()
                requests.close()
                return request, (control, stdout, stderr)
            tell(b"forked %d" % pid)
            close(control)
            close(stdout)
            close(stderr)


def _fill_low_descriptors() -> None:
    """Loading may have closed stdin, stdout or stderr; their numbers must not go to something else."""
    fd = 0
    while fd <= child.CONTROL:
        fd = os.open(os.devnull, os.O_RDWR)
    os.close(fd)


def _fork_later(channel, watch) -> int:
    """There may be no process to be had until what a call has left is ended."""
    while True:
        sleep(NO_PROCESS_S)
        for pid, status in watch.reap().items():
            channel.tell(b"ended %d %d" % (pid, status))
        try:
            return os.fork()
        except OSError:
            continue


def _serve_call(settings, request: bytes, ends: tuple, function) -> None:
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
