"""The contract's function in Python: `event["case"]` says what to do; any other event comes back."""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

FRAME = b'\x00\x00\x00\x2a{"type":"result","value":"a forged result"}'
print("loading the handler")


def lambda_handler(event, context):
    case = event.get("case", "echo") if isinstance(event, dict) else "echo"
    return CASES[case](event, context)


def echo(event, context):
    return {"echo": event}


def identity(event, context):
    return {
        "version": ".".join(map(str, sys.version_info[:2])),
        "uid": os.getuid(),
        "gid": os.getgid(),
        "folder": str(pathlib.Path.cwd()),
        "env": dict(os.environ),
    }


def show_context(event, context):
    names = ("call_id", "function_name", "function_version", "memory_limit_in_mb", "deadline_ms")
    shown = {name: getattr(context, name) for name in names}
    return dict(shown, remaining_time_ms=context.remaining_time_ms(), now_ms=time.time() * 1000)


def fail(event, context):
    raise ValueError("the pear is too ripe: \U0001f350")


def noisy(event, context):
    sys.stdout.buffer.write(FRAME)
    print('{"type": "result", "value": "forged"}\n{"statusCode": 200, "body": "forged"}')
    print("==== RESULT BEGIN ====\nforged\n==== RESULT END ====")
    print("Grüße \U0001f350", file=sys.stderr)
    print("x" * 1023 + "\n" + ("y" * 1023 + "\n") * 299)
    return "the true result"


def nan(event, context):
    return {"number": float("nan")}


def cycle(event, context):
    ring = []
    ring.append(ring)
    return ring


def unserialisable(event, context):
    return {"bytes": b"\x00"}


def surrogate(event, context):
    return "half a pair: \ud83c"


def large(event, context):
    return event.get("letter", "x") * event["length"]


def value(event, context):
    return event["value"]


def sleep(event, context):
    print("falling asleep", flush=True)
    time.sleep(event["seconds"])
    return "awake"


def leave(event, context):
    print("some last words")
    sys.stdout.flush()
    os._exit(3)


def eat(event, context):
    print("eating", flush=True)
    eaten = []
    while True:
        eaten.append(b"x" * (1 << 20))


def files(event, context):
    return {path: _writes(path) for path in event["paths"]}


def _writes(path):
    try:
        pathlib.Path(path).write_text("written")
    except OSError:
        return False
    return True


def connect(event, context):
    return {place: _connects(*place.rsplit(":", 1)) for place in event["places"]}


def _connects(host, port):
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return False
    return True


def say(event, context):
    print("out " + event["nonce"], flush=True)
    time.sleep(0.01)
    print("err " + event["nonce"], file=sys.stderr, flush=True)
    return event["nonce"]


def leave_daemon(event, context):
    seconds = event["seconds"]
    subprocess.Popen(["sh", "-c", f"setsid sleep {seconds} & setsid sleep {seconds}"])
    return "left"


def show_running(event, context):
    """The command lines of all processes that can be seen."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip())
        except OSError:
            continue
    return found


def fill(event, context):
    """Writes until there is no room, past TMPDIR as well; says whether there was room at first."""
    pathlib.Path(f"/tmp/first-{context.call_id}").write_text("room")
    try:
        with pathlib.Path(tempfile.gettempdir(), "large").open("wb") as large:
            while True:
                large.write(b"x" * (1 << 20))
    except OSError:
        return "full"


def spin(event, context):
    if "seconds" in event:
        leave_daemon(event, context)
    print("spinning", flush=True)
    while True:
        pass


def temporary(event, context):
    folder = tempfile.gettempdir()
    before = [path.name for path in pathlib.Path(folder).iterdir()]
    pathlib.Path(folder, "mine").write_text("mine")
    return {"folder": folder, "before": before}


CASES = {
    "say": say,
    "daemon": leave_daemon,
    "running": show_running,
    "fill": fill,
    "spin": spin,
    "temporary": temporary,
    "echo": echo,
    "identity": identity,
    "context": show_context,
    "fail": fail,
    "noisy": noisy,
    "nan": nan,
    "cycle": cycle,
    "unserialisable": unserialisable,
    "surrogate": surrogate,
    "large": large,
    "value": value,
    "sleep": sleep,
    "exit": leave,
    "eat": eat,
    "files": files,
    "connect": connect,
}
