from __future__ import annotations

import gzip
import hashlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from functions.errors import (
    Forbidden,
    FunctionNotFound,
    InvalidName,
    NotFound,
    SourceInvalid,
    StorageUnavailable,
)
from functions.sources import listing
from functions.sources.http import HttpSource
from functions.sources.limits import FetchLimits
from functions.sources.source import Stat
from functions.sources.storage import open_source
from tests.functions.sources import misbehaving
from tests.functions.sources.folders import names_in
from tests.functions.sources.misbehaving import Server, dripping, package, raw, redirect, status, without_head

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODY = b"PK" + bytes(998)
SHORT = FetchLimits(size=10_000, connect_s=1, read_s=0.5, whole_s=1)
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def server() -> Iterator[Server]:
    with misbehaving.serving() as server:
        yield server


@pytest.fixture
def source(server: Server) -> HttpSource:
    return HttpSource(f"{server.url}/functions/", SHORT)


def refused_fetch(source: HttpSource, folder: Path) -> str:
    """Fetches W1, expects that the storage is to blame, and checks that nothing is left."""
    with pytest.raises(StorageUnavailable) as caught:
        source.fetch("W1", folder / "W1.zip")
    assert names_in(folder) == []
    assert "127.0.0.1" not in caught.value.message
    return caught.value.message


def test_a_package_is_fetched_with_the_state_that_was_read(server: Server, source: HttpSource, tmp_path: Path) -> None:
    server.behaviours["/functions/W1.zip"] = package(BODY, ETag='"one"')
    assert source.stat("W1") == Stat('"one"', 1000)
    assert source.fetch("W1", tmp_path / "W1.zip") == Stat('"one"', 1000)
    assert (tmp_path / "W1.zip").read_bytes() == BODY
    assert server.methods() == ["HEAD", "GET"]


@pytest.mark.parametrize("code", [404, 410])
def test_a_missing_package_is_missing(server: Server, source: HttpSource, tmp_path: Path, code: int) -> None:
    server.behaviours["/functions/W1.zip"] = status(code)
    assert source.stat("W1") is None
    with pytest.raises(FunctionNotFound, match=r"W1\.zip"):
        source.fetch("W1", tmp_path / "W1.zip")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("code", [405, 501])
def test_a_server_without_head_is_asked_by_a_get_that_ends_early(server: Server, source: HttpSource, code: int) -> None:
    head = HEAD + b'ETag: "one"\r\nContent-Length: 9000\r\n\r\n'
    server.behaviours["/functions/W1.zip"] = without_head(dripping(server, head), code)
    assert source.stat("W1") == Stat('"one"', 9000)
    assert server.methods() == ["HEAD", "GET"]


def test_time_and_length_stand_in_for_an_etag(server: Server, source: HttpSource, tmp_path: Path) -> None:
    server.behaviours["/functions/W1.zip"] = package(BODY, Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")
    stat = source.stat("W1")
    assert stat == Stat("Mon, 01 Jan 2024 00:00:00 GMT 1000", 1000)
    assert source.fetch("W1", tmp_path / "W1.zip") == stat


def test_without_any_mark_only_a_fetch_can_tell(server: Server, source: HttpSource, tmp_path: Path) -> None:
    server.behaviours["/functions/W1.zip"] = package(BODY)
    assert source.stat("W1") == Stat("", 1000)
    digest = hashlib.sha256(BODY).hexdigest()
    assert source.fetch("W1", tmp_path / "W1.zip") == Stat(f"sha256-{digest}", 1000)


def test_a_long_etag_is_digested(server: Server, source: HttpSource) -> None:
    server.behaviours["/functions/W1.zip"] = package(BODY, ETag="x" * 5000)
    stat = source.stat("W1")
    assert stat is not None
    assert stat.etag.startswith("sha256-")
    assert len(stat.etag) < 100


def test_a_body_without_length_is_fetched(server: Server, source: HttpSource, tmp_path: Path) -> None:
    chunked = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    server.behaviours["/functions/W1.zip"] = raw(HEAD + chunked)
    server.behaviours["/functions/W2.zip"] = raw(HEAD + b"\r\nabcd")
    assert source.fetch("W1", tmp_path / "W1.zip").size == 3
    assert source.fetch("W2", tmp_path / "W2.zip").size == 4


def test_an_encoded_body_is_stored_as_it_is(server: Server, source: HttpSource, tmp_path: Path) -> None:
    packed = gzip.compress(bytes(100_000))
    server.behaviours["/functions/W1.zip"] = package(packed, Content_Encoding="gzip")
    assert source.fetch("W1", tmp_path / "W1.zip").size == len(packed)
    assert server.requests[0][2]["Accept-Encoding"] == "identity"


def test_a_fetch_replaces_an_older_file(server: Server, source: HttpSource, tmp_path: Path) -> None:
    (tmp_path / "W1.zip").write_bytes(b"old")
    server.behaviours["/functions/W1.zip"] = package(BODY)
    source.fetch("W1", tmp_path / "W1.zip")
    assert (tmp_path / "W1.zip").read_bytes() == BODY
    assert names_in(tmp_path) == ["W1.zip"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (401, "access denied (HTTP 401)"),
        (403, "access denied (HTTP 403)"),
        (400, "HTTP 400"),
        (204, "HTTP 204"),
        (304, "HTTP 304"),
        (429, "HTTP 429"),
        (500, "HTTP 500"),
        (503, "HTTP 503"),
    ],
)
def test_any_other_status_is_the_storages_fault(
    server: Server, source: HttpSource, tmp_path: Path, code: int, reason: str
) -> None:
    server.behaviours["/functions/W1.zip"] = status(code)
    assert reason in refused_fetch(source, tmp_path)
    with pytest.raises(StorageUnavailable, match=f"HTTP {code}"):
        source.stat("W1")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(HEAD + b"Content-Length: 1000\r\n\r\nabc", id="body"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n10\r\nabc", id="chunk"),
        pytest.param(HEAD + b"Content-Length: 10", id="headers"),
        pytest.param(HEAD + b"Connection: cl", id="headers-without-length"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", id="not-http"),
    ],
)
def test_a_cut_answer_leaves_nothing(server: Server, source: HttpSource, tmp_path: Path, answer: bytes) -> None:
    server.behaviours["/functions/W1.zip"] = raw(answer)
    refused_fetch(source, tmp_path)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"", id="status-line"),
        pytest.param(HEAD + b"X-Long: ", id="headers"),
        pytest.param(HEAD + b"Content-Length: 9000\r\n\r\n", id="body"),
        pytest.param(HEAD + b"\r\n", id="body-without-length"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;x=", id="chunk-head"),
    ],
)
def test_a_slow_drip_ends_at_the_deadline(server: Server, source: HttpSource, tmp_path: Path, head: bytes) -> None:
    server.behaviours["/functions/W1.zip"] = dripping(server, head)
    began = time.monotonic()
    assert "took longer than 1 s" in refused_fetch(source, tmp_path)
    assert time.monotonic() - began < 10


def test_a_server_that_says_nothing_runs_into_the_read_limit(
    server: Server, source: HttpSource, tmp_path: Path
) -> None:
    server.behaviours["/functions/W1.zip"] = lambda _: server.stopping.wait(20)  # type: ignore[assignment]
    assert "does not answer (ReadTimeout)" in refused_fetch(source, tmp_path)


def test_no_timer_outlives_its_fetch(server: Server, source: HttpSource, tmp_path: Path) -> None:
    server.behaviours["/functions/W1.zip"] = package(BODY)
    source.fetch("W1", tmp_path / "W1.zip")
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(0.5)
            assert not thread.is_alive()


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(HEAD + b"Content-Length: 100000\r\n\r\n", id="claimed"),
        pytest.param(HEAD + b"\r\n", id="unclaimed"),
    ],
)
def test_a_huge_package_is_not_read_to_its_end(server: Server, source: HttpSource, tmp_path: Path, head: bytes) -> None:
    server.behaviours["/functions/W1.zip"] = raw(head + bytes(100_000))
    with pytest.raises(SourceInvalid, match=r"W1\.zip is larger than 10000 bytes"):
        source.fetch("W1", tmp_path / "W1.zip")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_on_the_same_server_is_followed(
    server: Server, source: HttpSource, tmp_path: Path, code: int
) -> None:
    server.behaviours["/functions/W1.zip"] = redirect("/store/W1.zip", code)
    server.behaviours["/store/W1.zip"] = package(BODY)
    assert source.fetch("W1", tmp_path / "W1.zip").size == 1000


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("http://169.254.169.254/latest/", id="metadata"),
        pytest.param("http://localhost:{port}/W1.zip", id="other-name"),
        pytest.param("http://127.0.0.1:1/W1.zip", id="other-port"),
        pytest.param("https://127.0.0.1:{port}/W1.zip", id="other-scheme"),
        pytest.param("//example.org/W1.zip", id="without-scheme"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("http://user@127.0.0.1:{port}/W1.zip", id="credentials"),
        pytest.param("http://127.0.0.1:99999/", id="broken-port"),
        pytest.param("http://[::1/", id="broken-host"),
    ],
)
def test_a_redirect_elsewhere_is_not_followed(server: Server, source: HttpSource, tmp_path: Path, target: str) -> None:
    server.behaviours["/functions/W1.zip"] = redirect(target.format(port=server.url.rpartition(":")[2]))
    server.behaviours["/W1.zip"] = package(BODY)
    assert "redirects to another host" in refused_fetch(source, tmp_path)
    assert len(server.requests) == 1


def test_a_redirect_from_https_to_http_is_not_followed() -> None:
    from functions.sources.http import _target

    assert _target("http://host/a", "https://host/b") == "https://host/b"
    with pytest.raises(StorageUnavailable):
        _target("https://host/a", "http://host/b")


def test_the_body_of_a_redirect_is_not_read(server: Server, source: HttpSource, tmp_path: Path) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: /x.zip\r\n\r\n"
    server.behaviours["/functions/W1.zip"] = dripping(server, head)
    server.behaviours["/x.zip"] = package(BODY)
    assert source.fetch("W1", tmp_path / "W1.zip").size == 1000


def test_redirects_in_a_circle_end(server: Server, source: HttpSource, tmp_path: Path) -> None:
    server.behaviours["/functions/W1.zip"] = redirect("/functions/W1.zip")
    assert "more than 5 times" in refused_fetch(source, tmp_path)


def test_credentials_in_the_prefix_are_sent_but_never_shown(server: Server, tmp_path: Path) -> None:
    source = HttpSource(server.url.replace("//", "//me:s%3Acret@") + "/functions/", SHORT)
    server.behaviours["/functions/W1.zip"] = redirect("/x.zip")
    server.behaviours["/x.zip"] = status(403)
    assert "cret" not in refused_fetch(source, tmp_path)
    assert [headers["Authorization"] for _, _, headers in server.requests] == ["Basic bWU6czpjcmV0"] * 2


def test_no_proxy_of_the_environment_comes_between_loopback_and_us(
    server: Server, source: HttpSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.behaviours["/functions/W1.zip"] = package(BODY)
    assert source.stat("W1") is not None


def test_a_prefix_may_end_in_a_query(server: Server) -> None:
    server.behaviours["/get"] = package(BODY)
    assert HttpSource(f"{server.url}/get?file=", SHORT).stat("W1") is not None
    assert server.requests[0][1] == "/get?file=W1.zip"


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with socket.socket() as reserved:  # bound, but not listening
        reserved.bind(("127.0.0.1", 0))
        source = HttpSource(f"http://127.0.0.1:{reserved.getsockname()[1]}/", SHORT)
        assert "does not answer (ConnectionError)" in refused_fetch(source, tmp_path)


def test_the_storage_is_read_only(source: HttpSource, tmp_path: Path) -> None:
    with pytest.raises(Forbidden, match="HTTP address, which takes no packages"):
        source.save("W1", tmp_path)
    with pytest.raises(Forbidden, match="cannot be listed"):
        source.names()


@pytest.mark.parametrize("name", ["", "../W1", "a/b", "1a", "a.b", "a\n", "W" * 65, "\u00e9"])
def test_a_name_is_never_a_path(server: Server, source: HttpSource, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidName):
        source.stat(name)
    with pytest.raises(InvalidName):
        source.fetch(name, tmp_path / "x")
    assert server.requests == []


@pytest.mark.parametrize("prefix", ["http://", "https:///x", "ftp://host/", "host/"])
def test_a_prefix_without_a_host_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="https://host/path/"):
        HttpSource(prefix)


def test_an_http_url_opens_an_http_source() -> None:
    assert isinstance(open_source("https://host/functions/"), HttpSource)


def test_a_list_is_read_or_missing(server: Server, source: HttpSource) -> None:
    server.behaviours["/functions/lists.txt"] = status(404)
    assert source.list_file() is None
    with pytest.raises(NotFound, match=r"no lists\.txt.* cannot be listed"):
        listing.wanted(source)
    server.behaviours["/functions/lists.txt"] = package(b"W1 W2.zip")
    assert source.list_file() == b"W1 W2.zip"
    assert listing.wanted(source) == ["W1", "W2"]


def test_a_list_that_cannot_be_read_whole_is_told(server: Server) -> None:
    source = HttpSource(f"{server.url}/functions/", FetchLimits(list_size=3, connect_s=1, read_s=0.5, whole_s=1))
    for body in (package(b"W123"), raw(HEAD + b"\r\nW123")):
        server.behaviours["/functions/lists.txt"] = body
        with pytest.raises(SourceInvalid, match=r"lists\.txt is larger"):
            source.list_file()
    for reply in (status(500), status(403), raw(HEAD + b"Content-Length: 3\r\n\r\nW")):
        server.behaviours["/functions/lists.txt"] = reply
        with pytest.raises(StorageUnavailable):
            source.list_file()
