"""The ways in which a Node handler may give its value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.conftest import unlimited, value_of
from tests.contract.package import runtimes_of

if TYPE_CHECKING:
    from tests.worker import Worker


@pytest.mark.parametrize("runtime", runtimes_of("node"))
def test_a_value_a_promise_and_an_async_function_are_all_waited_for(worker: Worker, runtime: str) -> None:
    function = unlimited(worker, runtime)
    replies = function.send_all({case: {"case": case} for case in ("value", "promise", "async", "rejected")})
    rejected = replies.pop("rejected")
    assert {case: value_of(reply) for case, reply in replies.items()} == {
        "value": None,
        "promise": "kept",
        "async": "waited for",
    }
    assert (rejected.status, rejected.json["FunctionError"]["errorType"]) == (502, "TypeError")
