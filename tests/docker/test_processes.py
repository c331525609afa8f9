"""The worker's processes: alone, with the original's variables, stopped, and misconfigured."""

from __future__ import annotations

import http.client
import http.server
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.contract import engine_view, records
from tests.contract.records import header
from tests.docker.functions import node, python
from tests.processes import descendants, environment, is_running, kill, parent
from tests.worker import ROOT, eventually, free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.worker import Worker

CLUSTERS, CLUSTER_PROCESSES = 2, 6  # a head, its sentinel, two workers, a pusher, a monitor


def test_a_lone_runserver_builds_and_answers(own_worker: Worker) -> None:
    own_worker.manage("migrate")
    own_worker.start("runserver", str(own_worker.port), "--noreload")
    own_worker.deploy("Alone", node("return 'alone';"))
    assert own_worker.execute("Alone", {}).json["Result"]["body"] == "alone"


def test_the_originals_variables_are_enough(own_worker: Worker) -> None:
    own_worker.deploy("Legacy", node("return 'served';"))
    folder = own_worker.home.parent / "prefix"
    folder.mkdir()
    (own_worker.home / "functions" / "Legacy.zip").rename(folder / "fn-Legacy.zip")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        own_worker.environment |= {
            "USER_FUNCTION_URL_PREFIX": f"http://127.0.0.1:{server.server_port}/fn-",
            "USER_CODE_SIZE_LIMIT": "-1",
            "CONTAINER_POOL_LIMIT": "-1",
            "CONTAINER_POOL_NUM": "6",
            "USING_REST_MODE": "false",
            "REST_CONTAINER_LIFE_TIME": "10",
        }
        own_worker.start()
        assert own_worker.execute("Legacy").json["Result"]["body"] == "served"
        assert own_worker.execute("Missing").status == 404
        server.shutdown()


def test_sigterm_lets_a_call_end_and_leaves_no_process_and_no_container(own_worker: Worker) -> None:
    own_worker.start()
    own_worker.deploy("Slow", python("time.sleep(3)\nreturn 'done'"))
    assert own_worker.execute("Slow", {}).status == 200
    assert own_worker.process is not None
    processes = descendants(own_worker.process.pid)
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(own_worker.execute, "Slow", {})
        query = "SELECT id FROM functions_execution WHERE state = 'RUNNING'"
        eventually(lambda: records.rows(own_worker, query))
        assert own_worker.stop() == 0
        assert pending.result().json["Result"]["body"] == "done"
    assert not engine_view.containers(own_worker)
    assert processes
    assert not any(map(is_running, processes))


def test_a_worker_in_the_background_drains_when_it_is_told_to_stop(own_worker: Worker) -> None:
    own_worker.deploy("Slow", python("time.sleep(event.get('seconds', 0))\nreturn 'done'"))
    assert own_worker.url in own_worker.manage("start", str(own_worker.port), "-d")
    try:
        assert own_worker.execute("Slow", {}).status == 200
        second = _managed(own_worker, "start", str(free_port()), "-d")
        assert (second.returncode, "Another worker runs on this WF_HOME" in second.stderr) == (1, True)
        _check_drain(own_worker)
    finally:
        _managed(own_worker, "stop")
    assert not (own_worker.home / "daemon.pid").exists()
    assert not (own_worker.home / "draining").exists()
    assert not engine_view.containers(own_worker)
    assert _managed(own_worker, "stop").returncode == 1


def test_a_worker_whose_terminal_and_starter_have_gone_does_all_of_its_work(own_worker: Worker) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, str(ROOT / "manage.py"), "start", str(own_worker.port), "--announce-to", str(writing)]
    own_worker.process = process = subprocess.Popen(
        command, env=own_worker.environment, cwd=ROOT, stdout=writing, stderr=subprocess.DEVNULL, pass_fds=[writing]
    )
    os.close(writing)
    eventually(lambda: any(map(_is_upkeep, descendants(process.pid))), 60)
    assert own_worker.stop() == 0
    assert "Traceback" not in (own_worker.home / "worker.log").read_text()


def test_a_stop_that_does_not_wait_for_calls_breaks_them_off(own_worker: Worker) -> None:
    own_worker.deploy("Slow", python("time.sleep(event.get('seconds', 0))\nreturn 'done'"))
    own_worker.start()
    assert own_worker.execute("Slow", {}).status == 200
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(own_worker.execute, "Slow", {"seconds": 18})  # which granian would wait for
        eventually(lambda: records.rows(own_worker, "SELECT id FROM functions_execution WHERE state = 'RUNNING'"))
        assert own_worker.process is not None
        own_worker.process.send_signal(signal.SIGQUIT)  # as `stop --now` does
        assert own_worker.process.wait(60) == 0
        with pytest.raises((OSError, http.client.HTTPException)):
            pending.result()


def _is_upkeep(pid: int) -> bool:
    return b"\0Q_CLUSTER_NAME=upkeep-" in environment(pid)


def _check_drain(worker: Worker) -> None:
    """What was begun is answered, what is new is refused, what is no call goes on; another stop changes nothing."""
    with ThreadPoolExecutor(3) as pool:
        pending = pool.submit(worker.execute, "Slow", {"seconds": 8})
        eventually(lambda: records.rows(worker, "SELECT id FROM functions_execution WHERE state = 'RUNNING'"))
        stopping = pool.submit(_managed, worker, "stop")
        eventually((worker.home / "draining").exists)
        refused = worker.execute("Slow", {})
        assert (refused.status, refused.json["Code"]) == (503, "draining")
        assert int(header(refused, "Retry-After")) > 0
        assert worker.request("/openapi.json").status == worker.request("/admin/login/").status == 200
        beside = pool.submit(_managed, worker, "stop")
        assert not pending.done()
        assert pending.result().json["Result"]["body"] == "done"
        for stopped in (stopping.result(), beside.result()):
            assert (stopped.returncode, "has ended" in stopped.stdout) == (0, True)


def _managed(worker: Worker, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A management command that may fail."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=worker.environment, capture_output=True, text=True, cwd=ROOT, check=False)


def test_nothing_outlives_a_supervisor_and_the_heads_that_are_killed_with_it(own_worker: Worker) -> None:
    own_worker.start()
    assert own_worker.process is not None
    supervisor = own_worker.process.pid
    eventually(lambda: len(own_worker.processes("qcluster")) >= CLUSTERS * CLUSTER_PROCESSES, 60)
    below = descendants(supervisor)
    heads = [pid for pid in below if parent(pid) == supervisor]
    assert len(heads) == 1 + CLUSTERS
    for number in (signal.SIGSTOP, signal.SIGKILL):  # stopped first, so that none sees another's end
        for pid in (supervisor, *heads):
            os.kill(pid, number)
    own_worker.process.wait()
    try:
        eventually(lambda: not any(map(is_running, below)))
    finally:
        list(map(kill, filter(is_running, below)))


@pytest.mark.parametrize("order", [0, 1])
def test_a_web_server_that_is_killed_is_started_again_as_a_whole(own_worker: Worker, order: int) -> None:
    own_worker.start()
    own_worker.deploy("Again", node("return 1;"))
    assert own_worker.execute("Again").status == 200
    assert own_worker.process is not None
    web = own_worker.processes("granian")
    os.kill(web[order], signal.SIGKILL)  # the one that listens, or the one that answers
    eventually(lambda: not any(map(is_running, web)))
    eventually(own_worker.answers, 60)
    assert own_worker.execute("Again").status == 200
    assert own_worker.stop() == 0


def test_an_unknown_variable_stops_the_start_and_names_itself(tmp_path: Path) -> None:
    variables = {"PATH": os.environ["PATH"], "WF_HOME": str(tmp_path), "WF_SOURCE_URI": "file:///x"}
    command = [sys.executable, str(ROOT / "manage.py"), "start"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "WF_SOURCE_URI; did you mean WF_SOURCE_URL?" in done.stderr


def test_call_ids_and_timings_are_in_the_headers(worker: Worker) -> None:
    worker.deploy("Timed", node("return 1;"))
    reply = worker.execute("Timed", {}, X_Request_Id="trace-1.a")
    assert header(reply, "X-Call-Id") == "trace-1.a"
    assert header(reply, "X-Function-Name") == "Timed"
    assert header(reply, "X-Start-Type") == reply.json["Meta"]["StartType"]
    stages = [part.partition(";")[0] for part in header(reply, "Server-Timing").split(", ")]
    assert stages == ["queue", "build", "start", "exec"]
    refused = worker.execute("Timed", {}, X_Call_Id="no spaces allowed")
    assert header(refused, "X-Call-Id") not in ("", "no spaces allowed")


def test_a_second_worker_on_the_same_folder_refuses_to_start(worker: Worker) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "start", "1"]
    done = subprocess.run(command, env=worker.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Another worker runs on this WF_HOME" in done.stderr
    worker.deploy("Undisturbed", node("return 1;"))
    assert worker.execute("Undisturbed", {}).status == 200
