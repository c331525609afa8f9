"""The talk with an agent: what is sent to it, and what every way of answering, or not answering, comes to."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from functions.engine.docker import ContainerState
from functions.errors import EngineUnavailable
from functions.invoke import aftermath, record
from functions.invoke.call import Answer, Call
from functions.invoke.invoker import invoke
from functions.models import Execution, Function, PoolEntry
from functions.models.execution import ExecutionState
from functions.models.pool_entry import PoolKind, PoolState
from tests.functions.build.packages import package
from tests.functions.conftest import join_background_work
from tests.functions.fake_agent import answering, soon, takes_call
from tests.functions.models import rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_django import Settings

    from functions.build.platform import Platform
    from functions.engine.channel import Channel
    from functions.invoke.call import Run
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def call(platform: Platform, source_folder: Path) -> Callable[..., Answer]:
    package(source_folder, "Hello")
    return lambda event=None: invoke(Call("Hello", event, "call-1", time.monotonic()), platform)


def code(answer: Answer) -> str:
    return answer.outcome.error.code if answer.outcome.error else ""


def state(answer: Answer) -> str:
    return str(rows.snapshot(answer.execution)["state"])


def test_the_agent_gets_the_event_and_its_context(call: Callable[..., Answer], fake_engine: FakeEngine) -> None:
    got: list[dict[str, Any]] = []

    def agent(channel: Channel) -> None:
        got.append(takes_call(channel))
        channel.send({"type": "result", "value": 1}, soon())

    fake_engine.agent = agent
    answer = call({"k": ["ä", None]})
    (frame,) = got
    assert (frame["type"], frame["event"], frame["lifetime_s"]) == ("call", {"k": ["ä", None]}, 10)
    assert frame["id"] == str(answer.execution.pk)
    context = frame["context"]
    left_s = context["deadline_ms"] / 1000 - time.time()
    assert 290 < left_s <= 300
    assert context == {
        "call_id": "call-1",
        "function_name": "Hello",
        "function_version": answer.execution.version,
        "memory_limit_in_mb": 256,
        "deadline_ms": context["deadline_ms"],
    }


def test_the_row_says_running_before_the_event_leaves(call: Callable[..., Answer], fake_engine: FakeEngine) -> None:
    seen: list[tuple[str, bool]] = []

    def agent(channel: Channel) -> None:
        takes_call(channel)
        row = Execution.objects.get()
        seen.append((row.state, row.started_at is not None and row.started_at <= timezone.now()))
        channel.send({"type": "result", "value": 1}, soon())

    fake_engine.agent = agent
    call()
    assert seen == [(ExecutionState.RUNNING, True)]


def test_log_frames_are_the_call_s_log_and_others_are_nothing(
    call: Callable[..., Answer], fake_engine: FakeEngine
) -> None:
    fake_engine.agent = answering(
        {"type": "log", "stream": "stdout", "data": "one\n"},
        {"type": "of the future"},
        {},
        {"type": "log", "stream": "stderr", "data": "two\x00\n"},
        {"type": "result", "value": 1},
    )
    assert rows.snapshot(call().execution)["log"] == "one\ntwo\ufffd\n"


@pytest.mark.parametrize(
    ("end", "wanted"),
    [
        (ContainerState(False, 139, False, ""), "function_crashed"),
        (ContainerState(False, 137, True, ""), "function_oom"),
        (None, "function_crashed"),
    ],
)
def test_a_process_that_dies_while_the_function_runs_is_not_run_again(
    call: Callable[..., Answer], fake_engine: FakeEngine, end: ContainerState | None, wanted: str
) -> None:
    fake_engine.agent = lambda channel: takes_call(channel) and None
    fake_engine.end = end
    answer = call()
    assert (code(answer), state(answer)) == (wanted, "FAILED")
    assert fake_engine.history.count("start") == 1


@pytest.mark.parametrize("garbage", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x02no", b"\x00\x00\x00\x02[]"])
@pytest.mark.parametrize("when", ["boot", "run"])
def test_a_process_that_speaks_nonsense_has_crashed(
    call: Callable[..., Answer], fake_engine: FakeEngine, garbage: bytes, when: str
) -> None:
    def agent(channel: Channel) -> None:
        if when == "run":
            takes_call(channel)
        channel._connection.sendall(garbage)
        channel.receive(soon())

    fake_engine.agent = agent
    answer = call()
    assert (code(answer), state(answer)) == ("function_crashed", "FAILED")


def test_a_function_that_runs_too_long_is_dead_when_the_caller_hears_of_it(
    call: Callable[..., Answer], fake_engine: FakeEngine
) -> None:
    call()
    Function.objects.update(timeout=1)
    fake_engine.agent = lambda channel: takes_call(channel) and channel.receive(soon()) and None
    removed = fake_engine.history.count("remove")
    answer = call()
    assert (code(answer), state(answer)) == ("function_timeout", "TIMED_OUT")
    assert fake_engine.history.count("remove") > removed
    assert answer.execution.container_name not in [made["Name"] for made in fake_engine.made.values()]


def test_an_agent_that_is_not_ready_in_time(
    call: Callable[..., Answer], fake_engine: FakeEngine, settings: Settings
) -> None:
    settings.WF_BOOT_TIMEOUT_SECONDS = 0.1
    fake_engine.agent = lambda channel: channel.receive(soon()) and None
    answer = call()
    assert (code(answer), state(answer)) == ("start_timeout", "FAILED")
    assert answer.outcome.error
    assert not answer.outcome.error.retryable  # its code may have begun to load


def test_user_code_is_not_loaded_before_the_row_says_running(
    call: Callable[..., Answer], fake_engine: FakeEngine
) -> None:
    seen: list[str] = []

    def agent(channel: Channel) -> None:  # it runs as soon as we have connected, and so does the handler's import
        seen.append(Execution.objects.get().state)
        takes_call(channel)
        channel.send({"type": "result", "value": 1}, soon())

    fake_engine.agent = agent
    call()
    assert seen == [ExecutionState.RUNNING]


def test_an_engine_that_goes_away_while_the_function_runs_leaves_its_outcome_unknown(
    call: Callable[..., Answer], fake_engine: FakeEngine
) -> None:
    def agent(channel: Channel) -> None:
        takes_call(channel)
        fake_engine.failing["state"] = [EngineUnavailable()]

    fake_engine.agent = agent
    answer = call()
    assert (code(answer), state(answer)) == ("outcome_unknown", "ABANDONED")
    assert answer.outcome.error
    assert not answer.outcome.error.retryable
    assert fake_engine.history.count("start") == 1


def test_a_record_that_somebody_else_closed_stops_the_call(
    call: Callable[..., Answer], fake_engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[Channel] = []
    begin = record.begin

    def closed_first(run: Run, timeout_s: int) -> None:
        Execution.objects.update(state=ExecutionState.ABANDONED, lease_expires_at=None)
        begin(run, timeout_s)

    monkeypatch.setattr(record, "begin", closed_first)
    fake_engine.agent = got.append
    answer = call()
    assert code(answer) == "outcome_unknown"
    assert got == []


def test_a_timed_out_call_gives_its_network_back_once(
    call: Callable[..., Answer], fake_engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    call()
    join_background_work()  # it has left a network holder for the next one
    holder = PoolEntry.objects.get(state=PoolState.IDLE)
    Function.objects.update(timeout=1)
    fake_engine.agent = lambda channel: takes_call(channel) and channel.receive(soon()) and None
    remove, others = aftermath.remove, []

    def claimed_by_another_call_first(container: Any) -> None:
        now = timezone.now()
        lease = now + timedelta(minutes=1)
        others.append(PoolEntry.objects.claim("test-node", PoolKind.NETWORK, "another", lasting=now, lease=lease))
        remove(container)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aftermath, "remove", claimed_by_another_call_first)
        assert code(call()) == "function_timeout"
    join_background_work()
    assert others == [holder]
    assert "work after a call failed" not in caplog.text
    assert PoolEntry.objects.get(pk=holder.pk).state == PoolState.CLAIMED
