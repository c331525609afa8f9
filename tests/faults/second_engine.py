"""A Docker engine of the test's own, which may be stopped, hung and emptied. Its network is closed and its own."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import docker

from tests.worker import engine, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE = Path("/var/lib")  # where an engine's layers can lie: not every file system takes them


class SecondEngine:
    """`dockerd` with folders of its own, in a network namespace of its own: its bridges meet nobody else's."""

    def __init__(self, folder: Path, data: Path) -> None:
        self._folder = folder
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._folder}/docker.sock"

    def start(self) -> None:
        """Returns when it answers; at once when it runs."""
        if self._process is not None and self._process.poll() is None:
            return
        command = ["unshare", "--net", "dockerd", "--host", self.url, "--data-root", str(self._data)]
        command += ["--exec-root", str(self._folder / "exec"), "--pidfile", str(self._folder / "docker.pid")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        eventually(self._answers, 60)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()[-4000:]
        with socket.socket(socket.AF_UNIX) as connection:  # docker-py leaves sockets behind when nobody listens
            connection.settimeout(2)
            try:
                connection.connect(self.url.removeprefix("unix://"))
                connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b"200 OK" in connection.recv(100)
            except OSError:
                return False

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        """Containers end with it."""
        if self._process is None:
            return
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        self._process.wait(60)
        self._process = None

    def kill(self) -> None:
        """SIGKILL, as a crash would have it: its containers live on, and pid files stay."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        for file in self._folder.rglob("*.pid"):
            if file.name in ("docker.pid", "containerd.pid"):  # an engine does not start while they are there
                file.unlink()

    def client(self) -> closing[docker.DockerClient]:
        """docker-py's own, to be used in a `with` statement."""
        return closing(docker.DockerClient(self.url, timeout=120))

    def take(self, image: str) -> None:
        """An image of the first engine's."""
        with engine() as first, self.client() as second:
            second.images.load(b"".join(first.images.get(image).save(named=True)))


@contextmanager
def second_engine() -> Iterator[SecondEngine]:
    """One that is not started yet; nothing of it is left after the block."""
    folder = Path(tempfile.mkdtemp(prefix="wf-engine-", dir="/run"))
    data = Path(tempfile.mkdtemp(prefix="wf-engine-", dir=STATE))
    own = SecondEngine(folder, data)
    try:
        yield own
    finally:
        own.stop()
        for path in (folder, data):
            _unmount_below(path)
            shutil.rmtree(path)


def _unmount_below(folder: Path) -> None:
    """What an engine that was killed has left mounted, the innermost first."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in reversed([mount for mount in mounts if mount.startswith(str(folder))]):
        subprocess.run(["umount", "--lazy", mount], check=True)
