"""A whole worker as real processes, with a state folder, a port and an instance of its own; tests are its clients."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import docker
import docker.errors

from tests.processes import command, descendants, kill_tree

ROOT = Path(__file__).resolve().parent.parent
START_LIMIT_S = STOP_LIMIT_S = 60
FORGET_LIMIT_S = 180  # an engine that holds many images and is asked for all of them needs most of a minute
PASSED_ON = ("PATH", "HOME", "LANG", "DOCKER_HOST", "SSL_CERT_FILE", "PIP_INDEX_URL", "npm_config_registry")


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; `json` fails when the body is none."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Worker:
    """`manage.py start` (or another command) with a home of its own."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.environment = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
        self.environment |= {"WF_HOME": str(home), **environment}
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.log = home.parent / f"{home.name}.log"

    def __enter__(self) -> Worker:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            self.stop()
        finally:
            self.end()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def instance(self) -> str:
        return (self.home / "instance").read_text().strip()

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a management command, which may fail, to its end."""
        words = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, cwd=ROOT, check=False)

    def manage(self, *arguments: str) -> str:
        """A management command that must not fail; returns what it wrote."""
        done = self.attempt(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def sweep(self) -> None:
        """One more, beside those that it asks for by itself."""
        self.manage("shell", "-c", "from functions import tasks; tasks.sweep()")

    def start(self, *arguments: str) -> None:
        """Starts it and waits until it answers."""
        words = [sys.executable, str(ROOT / "manage.py"), *(arguments or ("start", str(self.port)))]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                words, env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.kill()
            raise

    def until_it_builds(self) -> None:
        """It answers before its task cluster lives; what is called so early is built by the web process."""
        lives = "from functions import dispatch; assert dispatch.cluster_lives(dispatch.BUILDS)"
        eventually(lambda: self.attempt("shell", "-c", lives).returncode == 0, START_LIMIT_S)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and self.is_running():
            if self.answers():
                return
            time.sleep(0.05)
        raise AssertionError(f"the worker did not start:\n{self.last_words()}")

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def last_words(self) -> str:
        return self.log.read_text()[-4000:]

    def answers(self) -> bool:
        """Right now; it may be on its way up or down."""
        try:
            return self.request("/openapi.json").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.process = None
        return status

    def kill(self) -> None:
        """SIGKILL to all of its processes, as a crash would have it."""
        assert self.process is not None
        if self.is_running():
            kill_tree(self.process.pid)
        self.process.wait()
        self.process = None

    def end(self) -> None:
        """Whatever a test has made of it, nothing of it is left."""
        if self.process is not None:
            self.kill()
        if (self.home / "instance").exists():
            self.forget()

    def processes(self, word: str = "") -> list[int]:
        """Those of its processes that have this word in their command, the lowest first."""
        assert self.process is not None
        return [pid for pid in descendants(self.process.pid) if word in command(pid)]

    def deploy(self, name: str, files: dict[str, str | bytes]) -> None:
        """Puts a package into its source folder, as a copy job of an operator would."""
        folder = self.home / "functions"
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{name}.draft"
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in files.items():
                archive.writestr(path, content)
        draft.replace(folder / f"{name}.zip")

    def execute(self, name: str, event: Any = None, **headers: str) -> Reply:
        """One call; the event goes as a JSON body, unless it is None."""
        body = None if event is None else json.dumps(event).encode()
        if body is not None:
            headers = {"Content-Type": "application/json", **headers}
        return self.request(f"/execute?{urlencode({'name': name})}", body, **headers)

    def request(self, path: str, body: bytes | None = None, method: str | None = None, **headers: str) -> Reply:
        """Any request; an error status is a reply like any other."""
        fields = {key.replace("_", "-"): value for key, value in headers.items()}
        request = urllib.request.Request(self.url + path, body, fields, method=method)
        try:
            with urllib.request.urlopen(request, timeout=300) as response:
                return Reply(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, dict(error.headers), error.read())

    def containers(self) -> list[Any]:
        """All containers of this instance, running or not (docker-py's objects)."""
        wanted: dict[str, Any] = {"label": f"workerfront.instance={self.instance}"}
        with engine() as client:  # ignore_removed: one may go between the listing and the look at it
            return list(client.containers.list(all=True, filters=wanted, ignore_removed=True))

    def images(self) -> list[Any]:
        """All images of this instance (docker-py's objects)."""
        with engine() as client:
            return list(client.images.list(filters={"label": f"workerfront.instance={self.instance}"}))

    def forget(self) -> None:
        """Removes what this instance has left in the engine, so that no test meets another's things."""
        # The engine may still be at what a killed worker has asked for.
        eventually(self._has_no_container, FORGET_LIMIT_S)
        eventually(self._has_no_image, FORGET_LIMIT_S)

    def _has_no_image(self) -> bool:
        left = self.images()
        for image in left:
            with engine() as client, suppress(docker.errors.APIError):  # as with containers
                client.images.remove(image.id, force=True)
        return not left

    def _has_no_container(self) -> bool:
        left = self.containers()
        for container in left:
            with suppress(docker.errors.APIError):  # it may be going by itself at this moment
                container.remove(force=True)
        return not left


class engine:  # noqa: N801 -- used like a function
    """docker-py's own client; a test that needs the engine fails when there is none."""

    def __enter__(self) -> docker.DockerClient:
        self._client = docker.from_env()
        return self._client

    def __exit__(self, *_error: object) -> None:
        self._client.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(condition: Any, limit_s: float = 20) -> None:
    """Waits until a condition holds; fails at the limit. A look that takes long, such as at all images, pauses long."""
    deadline = time.monotonic() + limit_s
    began = time.monotonic()
    while not condition():
        now = time.monotonic()
        assert now < deadline, f"still not true after {limit_s} s"
        time.sleep(max(0.05, now - began))
        began = time.monotonic()
