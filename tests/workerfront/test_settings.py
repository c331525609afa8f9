"""The settings in processes of their own: what stops a start, and what it leaves in WF_HOME."""

from __future__ import annotations

import json
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.workerfront.processes import ROOT, command, environment, run

if TYPE_CHECKING:
    from pathlib import Path


def refusal(home: Path, **variables: str) -> str:
    """The last line of a start that was refused."""
    done = run(home, **variables)
    assert done.returncode != 0
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WF_BUILD_TIMEOUT_SECONDS", "soon", "must be a whole number >= 1 and <= 86400, not 'soon'"),
        ("WF_MAX_CONCURRENT_CALLS", "0", "WF_MAX_CONCURRENT_CALLS must be a whole number >= 1 and <= 1000, not '0'"),
        ("WF_SOURCE_CHECK_SECONDS", "-2", "WF_SOURCE_CHECK_SECONDS must be a whole number >= -1"),
        ("WF_QUEUE_WAIT_SECONDS", "inf", "WF_QUEUE_WAIT_SECONDS must be a number >= 0"),
        ("WF_FUNCTION_MEMORY", "lots", "WF_FUNCTION_MEMORY must be a size"),
        ("WF_LEGACY_STATUS", "yes", "WF_LEGACY_STATUS must be true, false, 1 or 0"),
        ("WF_SOURCE_URL", "ftp://user:secret@host/", "WF_SOURCE_URL: must begin with file://"),
        ("USER_FUNCTION_URL_PREFIX", "ftp://host/", "must begin with file://"),
        ("DATABASE_URL", "nosuch://user:secret@host/name", "DATABASE_URL must be like postgres://"),
        ("USER_CODE_SIZE_LIMIT", "-2", "USER_CODE_SIZE_LIMIT must be a whole number >= -1 and <= 1125899906842624"),
        ("CONTAINER_POOL_LIMIT", "many", "CONTAINER_POOL_LIMIT must be a whole number >= -1"),
        ("CONTAINER_POOL_LIMIT", "9999", "need more than WF_POOL_MEMORY"),
        ("CONTAINER_POOL_NUM", "0", "CONTAINER_POOL_NUM must be a whole number >= 1"),
        ("USING_REST_MODE", "banana", "USING_REST_MODE must be true, false, 1 or 0, not 'banana'"),
        ("REST_CONTAINER_LIFE_TIME", "0.5", "REST_CONTAINER_LIFE_TIME must be a whole number >= 1"),
        ("WF_CACHE_POLICY", "fifo", "WF_CACHE_POLICY must be one of lru, greedy-dual, not 'fifo'"),
        ("WF_FUNCTION_TIMEOUT_SECONDS", "901", "must be a whole number >= 1 and <= 900, not '901'"),
        ("WF_FUNCTION_MEMORY", "3g", "at most 2147483648 bytes, not '3g'"),
        ("CONTAINER_POOL_NUM", "1_0", "CONTAINER_POOL_NUM must be a whole number >= 1"),
        ("DATABASE_URL", "mysql://user:secret@host/name", "DATABASE_URL must be like postgres://"),
        ("DATABASE_URL", "sqlite://:memory:", "DATABASE_URL must be like postgres://"),
        ("WF_NODE", "n" * 71, "WF_NODE must be 1 to 70 letters"),
        ("WF_NODE", "no/path", "WF_NODE must be 1 to 70 letters"),
        ("WF_HOEM", "x", "unknown environment variable WF_HOEM; did you mean WF_HOME?"),
        (
            "WF_FUNCTION_TIMEOUT",
            "3",
            "unknown environment variable WF_FUNCTION_TIMEOUT; did you mean WF_FUNCTION_TIMEOUT",
        ),
    ],
)
def test_a_wrong_value_or_name_stops_the_start_and_names_itself(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    line = refusal(tmp_path / "home", **{name: value})
    assert line.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert said in line
    assert "secret" not in line


BOUNDED = [
    "WF_SOURCE_CHECK_SECONDS",
    "WF_MAX_CONCURRENT_CALLS",
    "WF_QUEUE_WAIT_SECONDS",
    "WF_BUILD_TIMEOUT_SECONDS",
    "WF_BOOT_TIMEOUT_SECONDS",
    "WF_ENGINE_TIMEOUT_SECONDS",
    "WF_FUNCTION_TIMEOUT_MAX_SECONDS",
    "WF_FUNCTION_CPUS",
    "WF_NETWORK_HOLDERS",
    "WF_NETWORK_IDLE_SECONDS",
    "WF_CONTAINER_CONCURRENCY",
    "WF_EXECUTIONS_KEPT",
    "WF_EXECUTIONS_DAYS",
]


@pytest.mark.parametrize("name", BOUNDED)
def test_a_value_that_nothing_could_work_with_stops_the_start(tmp_path: Path, name: str) -> None:
    assert f"{name} must be a" in refusal(tmp_path / "home", **{name: "9999999999"})


def test_the_values_of_functions_without_a_wish_follow_a_smaller_maximum(tmp_path: Path) -> None:
    code = "print(settings.WF_FUNCTION_TIMEOUT_SECONDS, settings.WF_FUNCTION_MEMORY)"
    done = run(tmp_path, code, WF_FUNCTION_TIMEOUT_MAX_SECONDS="60", WF_FUNCTION_MEMORY_MAX="64m")
    assert done.stdout.split() == ["60", str(64 << 20)]


def test_the_state_folder_is_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert run(home).returncode == 0
    folders = [home, *(path for path in home.iterdir() if path.is_dir())]
    assert {path.name for path in folders} >= {"home", "channels", "cache", "uploads", "work"}
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folders} == dict.fromkeys(
        (path.name for path in folders), 0o700
    )
    for name in ("secret_key", "instance"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600


def test_the_key_and_the_instance_are_made_once(tmp_path: Path) -> None:
    code = "print(json.dumps([settings.SECRET_KEY, settings.WF_INSTANCE]))"
    first, second, other = (json.loads(run(tmp_path / home, code).stdout) for home in ("one", "one", "two"))
    assert first == second
    assert set(first).isdisjoint(other)
    assert [len(text) for text in first] == [64, 16]
    assert (tmp_path / "one/secret_key").read_text() == first[0]


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    """Each has loaded everything but the settings when it is told to go on."""
    code = "import django.conf, sys; import dj_database_url, django_stubs_ext; print('ready', flush=True); "
    code += "sys.stdin.readline(); s = django.conf.settings; print(s.SECRET_KEY, s.WF_INSTANCE)"
    given = environment(tmp_path / "home")
    python = command("")[0]
    with_pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT, "env": given}
    started = [subprocess.Popen([python, "-c", code], **with_pipes) for _ in range(6)]  # type: ignore[call-overload]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate()[0] for process in started]
    assert len(set(answers)) == 1
    assert len(answers[0].split()) == 2
    assert {path.name for path in (tmp_path / "home").iterdir() if path.is_file()} == {"secret_key", "instance"}


def test_the_queue_outlasts_the_builds_that_the_operator_allows(tmp_path: Path) -> None:
    code = (
        "print(json.dumps([settings.Q_CLUSTER[key] for key in ('timeout', 'retry', 'max_attempts', 'ack_failures')]))"
    )
    done = run(tmp_path / "home", code, WF_BUILD_TIMEOUT_SECONDS="1000")
    timeout, retry, attempts, ack_failures = json.loads(done.stdout)
    assert 1000 < timeout < retry
    assert (attempts, ack_failures) == (1, True)


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "file://{home}/functions"),
        ({"USER_FUNCTION_URL_PREFIX": "https://host/f/"}, "https://host/f/"),
        ({"USER_FUNCTION_URL_PREFIX": "https://host/f/", "WF_SOURCE_URL": "file:///srv"}, "file:///srv"),
        ({"WF_SOURCE_URL": "s3://bucket/prefix"}, "s3://bucket/prefix"),
    ],
)
def test_the_source_is_ours_then_the_original_s_then_a_folder(
    tmp_path: Path, variables: dict[str, str], url: str
) -> None:
    done = run(tmp_path, "print(settings.WF_SOURCE_URL)", **variables)
    assert done.stdout.strip() == url.format(home=tmp_path)


def test_sqlite_takes_its_lock_when_a_transaction_begins(tmp_path: Path) -> None:
    code = "database = settings.DATABASES['default']; print(database['OPTIONS']['transaction_mode'], database['NAME'])"
    assert run(tmp_path, code).stdout.split() == ["IMMEDIATE", str(tmp_path / "db.sqlite3")]


def test_debug_is_off_and_only_local_names_are_served(tmp_path: Path) -> None:
    done = run(tmp_path, "print(settings.DEBUG, *settings.ALLOWED_HOSTS)")
    assert done.stdout.split() == ["False", "localhost", "127.0.0.1", "[::1]"]
