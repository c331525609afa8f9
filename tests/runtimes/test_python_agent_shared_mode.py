"""The Python agent's mode `shared`: many calls at once in one process."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.runtimes.agent_process import AgentProcess, call_frame
from tests.runtimes.python_function import PythonFunction, interpreters


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def function(request: pytest.FixtureRequest, tmp_path: Path) -> PythonFunction:
    return PythonFunction(request.param, tmp_path)


def start(function: PythonFunction, source: str, **settings: object) -> AgentProcess:
    env = {f"WF_{name.upper()}": str(value) for name, value in settings.items()}
    return function.agent(source, mode="shared", env=env)


def test_calls_at_once_share_the_module_and_each_has_its_own_log(function):
    source = """
        import sys, threading
        from concurrent.futures import ThreadPoolExecutor
        print("loading")
        seen, meeting, executor = [], threading.Barrier(4), ThreadPoolExecutor(2)
        def lambda_handler(event, context):
            seen.append(event)
            meeting.wait(20)
            print("out", event)
            thread = threading.Thread(target=print, args=("thread", event))
            thread.start()
            thread.join()
            executor.submit(print, "task", event).result()
            sys.stderr.write(f"err {event}\\n")
            meeting.wait(20)
            return sorted(seen)
    """
    with start(function, source) as agent:
        with ThreadPoolExecutor(4) as callers:
            answers = list(callers.map(agent.call, range(4)))
        for number, answer in enumerate(answers):
            assert answer.value == [0, 1, 2, 3]
            assert answer.stdout.replace("loading\n", "") == f"out {number}\nthread {number}\ntask {number}\n"
            assert answer.stderr == f"err {number}\n"
        assert sum("loading\n" in answer.stdout for answer in answers) == 1


def test_what_belongs_to_no_call_goes_to_the_containers_own_log(function):
    source = """
        import os
        def lambda_handler(event, context):
            os.write(1, b"raw\\n")
            print("mine")
    """
    with start(function, source) as agent:
        assert agent.call().stdout == "mine\n"
        assert agent.output() == "raw\n"


def test_a_call_that_is_given_up_frees_its_place(function):
    source = """
        import threading
        def lambda_handler(event, context):
            if event:
                threading.Event().wait(600)
            return "served"
    """
    with start(function, source, concurrency=1, lifetime=600) as agent:
        for way in ("cancel", "close"):
            connection, _ = agent.ready()
            connection.send(call_frame(way))
            waiting = agent.connect()
            if way == "cancel":
                connection.send({"type": "cancel"})
                assert connection.answer().frame is None
            connection.close()
            assert waiting.receive()["type"] == "ready"
            waiting.send(call_frame())
            assert waiting.answer().value == "served"
            waiting.close()
        draining = agent.connect()
        draining.send({"type": "lifetime", "lifetime_s": 0})
        draining.close()
        assert agent.wait() == 0


def test_errors_and_limits_are_those_of_the_other_modes(function):
    source = """
        def lambda_handler(event, context):
            print("x" * 200)
            return {"raise": lambda: 1 / 0, "nan": lambda: float("nan"), "exit": lambda: exit(3)}[event]()
    """
    env = {"WF_LIFETIME": "600"}
    with function.agent(source, mode="shared", env=env, log_limit=100) as agent:
        answer = agent.call("raise")
        assert (answer.error["errorType"], len(answer.stdout)) == ("ZeroDivisionError", 100)
        assert answer.stderr == "[log cut at 100 bytes]\n"
        assert agent.call("nan").error["kind"] == "result"
        assert agent.call("exit").error["errorType"] == "SystemExit"


def test_its_end_is_the_end_of_all_calls(function):
    source = """
        import os, threading
        def lambda_handler(event, context):
            if event is not None:
                os._exit(event)
            threading.Event().wait(600)
    """
    with start(function, source) as agent:
        waiting, _ = agent.ready()
        waiting.send(call_frame())
        assert agent.call(7).frame is None
        assert waiting.answer().frame is None
        assert agent.wait() == 7
    with start(function, source) as agent:
        waiting, _ = agent.ready()
        waiting.send(call_frame())
        agent.process.send_signal(signal.SIGTERM)
        assert agent.wait() == 128 + signal.SIGTERM


def test_it_ends_after_its_lifetime_and_after_a_failed_loading(function):
    with start(function, "def lambda_handler(event, context): return event", lifetime=0.3) as agent:
        assert agent.call(1).value == 1
        assert agent.wait() == 0
    with start(function, "print('loading')\nraise ValueError('broken')") as agent:
        answer = agent.call()
        assert (answer.error["kind"], answer.error["errorMessage"], answer.stdout) == ("init", "broken", "loading\n")
        assert agent.wait() == 0


def test_a_call_that_takes_every_descriptor_leaves_its_neighbours_alone(function):
    source = """
        import os, resource, threading, time
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        taken, going_on = [], threading.Event()
        def take():
            while True:
                taken.append(os.dup(0))
        def give_back():
            while taken:
                os.close(taken.pop())
        def work():
            before = time.process_time()
            time.sleep(0.5)
            return time.process_time() - before
        def lambda_handler(event, context):
            calls = {"wait": going_on.wait, "take": take, "go on": going_on.set, "work": work, "give back": give_back}
            return calls[event]()
    """
    with start(function, source) as agent:
        neighbour, taker, worker, giver, goer = (agent.ready()[0] for _ in range(5))
        neighbour.send(call_frame("wait"))
        taker.send(call_frame("take"))
        assert taker.answer().error["errorType"] == "OSError"
        waiting = agent.connect()
        worker.send(call_frame("work"))
        assert worker.answer().value < 0.25  # seconds of processor
        goer.send(call_frame("go on"))
        assert neighbour.answer().value is True
        giver.send(call_frame("give back"))
        assert waiting.receive()["type"] == "ready"


def test_it_ends_after_its_lifetime_though_nobody_can_connect(function):
    source = """
        import os, resource, threading, time
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        def take():
            while True:
                try:
                    os.dup(0)
                except OSError:
                    time.sleep(0.001)
        def lambda_handler(event, context):
            threading.Thread(target=take).start()
    """
    with start(function, source, lifetime=0.5) as agent:
        assert agent.call().value is None
        agent.connect()
        assert agent.wait() == 0


def test_a_call_for_which_there_is_no_thread_is_told_so_and_the_others_go_on(function, tmp_path):
    go = tmp_path / "go"
    source = f"""
        import os, threading, time
        def lambda_handler(event, context):
            if event == "exhaust":
                threading.stack_size(1 << 46)  # more than any process may have
            elif event == "wait":
                while not os.path.exists({str(go)!r}):
                    time.sleep(0.01)
                threading.stack_size(0)
            return event
    """
    with start(function, source) as agent:
        neighbour, _ = agent.ready()
        neighbour.send(call_frame("wait"))
        assert agent.call("exhaust").value == "exhaust"
        error = agent.call().error
        assert (error["kind"], error["errorType"]) == ("exit", "RuntimeError")
        go.touch()
        assert neighbour.answer().value == "wait"
        assert agent.call("as ever").value == "as ever"
