"""What is kept of a build's messages, and what a failure is said to be."""

from __future__ import annotations

import pytest

from functions.build.log import KEPT, NETWORK_HINT, BuildLog


def logged(*messages: dict[str, object]) -> BuildLog:
    log = BuildLog()
    for message in messages:
        log.add(message)
    return log


def test_streams_are_joined_and_the_last_id_is_the_image() -> None:
    log = logged(
        {"stream": "Step 1\n"}, {"aux": {"ID": "sha256:a"}}, {"stream": "Step 2\n"}, {"aux": {"ID": "sha256:b"}}
    )
    assert log.text() == "Step 1\nStep 2\n"
    assert log.image_id == "sha256:b"
    assert log.error == ""


def test_progress_and_unknown_messages_are_nothing() -> None:
    log = logged({"status": "Pulling"}, {"aux": "?"}, {"aux": {}}, {})
    assert (log.text(), log.image_id, log.error) == ("", "", "")


def test_an_error_in_the_stream_is_a_failure() -> None:
    log = logged({"stream": "Step 3\n"}, {"error": "the command returned 1", "errorDetail": {}})
    assert log.error == "the command returned 1"
    assert log.explanation() == "The image could not be built: the command returned 1."


@pytest.mark.parametrize(
    ("error", "is_lost"),
    [
        ("unknown parent image ID sha256:aaa", True),
        ("No such image: sha256:aaa", True),
        ("failed to get digest sha256:aaa: open /var/lib/docker/image/overlay2/imagedb/content/sha256/aaa", True),
        ("layer does not exist", True),
        ("No such image: python:3.7-slim", False),
        ("", False),
    ],
)
def test_a_layer_that_somebody_has_removed_is_told_from_a_base_that_is_not_there(error: str, is_lost: bool) -> None:
    log = logged({"stream": "Step 1\n"}, {"error": error} if error else {})
    assert log.has_lost_layer is is_lost
    log.begin()
    assert (log.has_lost_layer, log.error, log.text()) == (False, "", "Step 1\n")


@pytest.mark.parametrize(
    "line",
    [
        "NewConnectionError: Failed to establish a new connection: [Errno -3]",
        "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED]",
        "npm ERR! code EAI_AGAIN",
        "npm ERR! code SELF_SIGNED_CERT_IN_CHAIN",
        "npm ERR! errno ETIMEDOUT",
    ],
)
def test_a_registry_that_was_not_reached_gets_a_hint(line: str) -> None:
    assert NETWORK_HINT in logged({"stream": f"{line}\n"}, {"error": "returned 1"}).explanation()


def test_another_failure_gets_no_hint() -> None:
    assert NETWORK_HINT not in logged({"stream": "SyntaxError\n"}, {"error": "returned 1"}).explanation()


def test_of_a_long_log_the_end_is_kept() -> None:
    log = logged({"stream": "first\n"}, *({"stream": "x" * 1000} for _ in range(300)), {"stream": "last\n"})
    assert len(log.text()) == KEPT
    assert log.text().endswith("last\n")
    assert "first" not in log.text()


def test_the_text_fits_every_database() -> None:
    assert logged({"stream": "a\x00b\ud800c"}).text() == "a\ufffdb?c"


def test_the_last_layer_is_what_a_failed_build_leaves() -> None:
    steps = (
        "Step 1/3 : FROM x\n ---> 0123456789ab\nStep 2/3\n ---> Running in fedcba987654\n ---> aaaaaaaaaaaa\nStep 3/3\n"
    )
    assert logged({"stream": steps}).last_layer() == "aaaaaaaaaaaa"
    assert logged({"stream": "nothing\n"}).last_layer() == ""
