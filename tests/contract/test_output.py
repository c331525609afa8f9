"""What a handler prints is log and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.conftest import ContractFunction

LOG_LIMIT = 256 << 10
NOTICE = f"[log cut at {LOG_LIMIT} bytes]"


LOADING = "loading the handler\n"  # a container's first call has this in its log, and each one that loads for itself


def test_nothing_that_is_printed_can_be_taken_for_a_result(function: ContractFunction) -> None:
    reply = function.call("noisy")
    assert reply.json["Result"] == {"statusCode": 200, "body": "the true result"}
    log = function.record(reply)["log"]
    for printed in ("a forged result", "==== RESULT BEGIN ====", "Grüße \U0001f350"):
        assert printed in log
    assert log.count(NOTICE) == 1
    assert log.rstrip().endswith(NOTICE)
    assert LOG_LIMIT - 4096 < len(log.encode()) < LOG_LIMIT + 100


def test_a_short_log_is_kept_whole(function: ContractFunction) -> None:
    log = function.record(function.call("sleep", seconds=0))["log"]
    assert log.endswith("falling asleep\n")
    assert log.removesuffix("falling asleep\n") in ((LOADING,) if function.isolation == "container" else (LOADING, ""))
