from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from django.core.files.storage.handler import StorageHandler
from moto.server import ThreadedMotoServer

from functions.errors import FunctionNotFound, InvalidName, SourceInvalid, StorageUnavailable
from functions.sources.bucket import BucketSource
from functions.sources.limits import FetchLimits
from functions.sources.location import storages_setting
from functions.sources.storage import open_source
from tests.functions.sources import misbehaving
from tests.functions.sources.folders import names_in
from tests.functions.sources.misbehaving import Server, dripping, raw, status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = "s3://packages/team/functions"
LIMITS = FetchLimits(size=10_000, connect_s=1, read_s=2, whole_s=4)
SERVED = "/packages/team/functions/W1.zip"
HEAD = b'HTTP/1.1 200 OK\r\nETag: "one"\r\nContent-Length: 1000\r\n'


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    return monkeypatch


@pytest.fixture
def client(endpoint: str, environment: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the server, where the private bucket is; whatever is in it goes with the test."""
    environment.setenv("AWS_ENDPOINT_URL", endpoint)
    client: Any = boto3.client("s3", region_name="eu-central-1")
    client.create_bucket(
        Bucket="packages", ACL="private", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    yield client
    for listed in client.list_objects_v2(Bucket="packages").get("Contents", []):
        client.delete_object(Bucket="packages", Key=listed["Key"])
    client.delete_bucket(Bucket="packages")
    client.close()


def storage_of(url: str) -> Any:
    return StorageHandler({"functions": storages_setting(url)})["functions"]  # type: ignore[dict-item]


@pytest.fixture
def source(client: Any) -> BucketSource:
    return BucketSource(storage_of(URL), LIMITS)


@pytest.fixture
def server(environment: pytest.MonkeyPatch) -> Iterator[Server]:
    with misbehaving.serving() as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url)
        yield server


def put(client: Any, key: str, body: bytes = b"abc") -> None:
    client.put_object(Bucket="packages", Key=key, Body=body)


def refused_fetch(source: BucketSource, folder: Path) -> str:
    with pytest.raises(StorageUnavailable) as caught:
        source.fetch("W1", folder / "W1.zip")
    assert names_in(folder) == []
    assert "127.0.0.1" not in caught.value.message
    assert "testing" not in caught.value.message
    return caught.value.message


def test_a_package_is_fetched_with_the_state_that_was_read(client: Any, source: BucketSource, tmp_path: Path) -> None:
    put(client, "team/functions/W1.zip")
    stat = source.fetch("W1", tmp_path / "W1.zip")
    assert stat == source.stat("W1")
    assert stat.size == 3
    assert (tmp_path / "W1.zip").read_bytes() == b"abc"
    put(client, "team/functions/W1.zip", b"abd")
    assert source.stat("W1") != stat


def test_a_missing_package_is_missing(client: Any, source: BucketSource, tmp_path: Path) -> None:
    put(client, "W1.zip")
    assert source.stat("W1") is None
    with pytest.raises(FunctionNotFound, match=r"W1\.zip"):
        source.fetch("W1", tmp_path / "W1.zip")
    assert names_in(tmp_path) == []


def test_a_saved_package_takes_the_place_of_the_old_one(client: Any, source: BucketSource, tmp_path: Path) -> None:
    for content in (b"old", b"new one"):
        (tmp_path / "packed").write_bytes(content)
        source.save("W1", tmp_path / "packed")
    assert source.names() == ["W1"]
    source.fetch("W1", tmp_path / "W1.zip")
    assert (tmp_path / "W1.zip").read_bytes() == b"new one"
    grants = client.get_object_acl(Bucket="packages", Key="team/functions/W1.zip")["Grants"]
    assert [grant["Grantee"]["Type"] for grant in grants] == ["CanonicalUser"]


def test_the_names_are_those_of_packages_below_the_prefix(client: Any, source: BucketSource) -> None:
    for key in ("b.zip", "A_1.zip", "1a.zip", "notes.txt", "sub/c.zip"):
        put(client, f"team/functions/{key}")
    put(client, "other.zip")
    assert source.names() == ["A_1", "b"]
    assert BucketSource(storage_of("s3://packages")).names() == ["other"]


def test_a_package_above_the_limit_is_refused(client: Any, source: BucketSource, tmp_path: Path) -> None:
    (tmp_path / "packed").write_bytes(bytes(10_001))
    put(client, "team/functions/W1.zip", bytes(10_001))
    with pytest.raises(SourceInvalid, match=r"W1\.zip is larger than 10000 bytes"):
        source.fetch("W1", tmp_path / "W1.zip")
    with pytest.raises(SourceInvalid, match=r"W1\.zip is larger than 10000 bytes"):
        source.save("W1", tmp_path / "packed")
    assert names_in(tmp_path) == ["packed"]


def test_a_missing_bucket_is_the_storages_fault(client: Any, tmp_path: Path) -> None:
    source = BucketSource(storage_of("s3://nowhere"), LIMITS)
    assert "bucket does not exist" in refused_fetch(source, tmp_path)
    (tmp_path / "packed").touch()
    for call in (lambda: source.stat("W1"), source.names):
        with pytest.raises(StorageUnavailable, match="bucket does not exist"):
            call()
    with pytest.raises(StorageUnavailable):
        source.save("W1", tmp_path / "packed")


def test_access_denied_is_said_with_its_second_meaning(server: Server, tmp_path: Path) -> None:
    body = b"<Error><Code>AccessDenied</Code><Message>key testing at 127.0.0.1</Message></Error>"
    server.behaviours[SERVED] = status(403, body, Content_Type="application/xml")
    source = BucketSource(storage_of(URL), LIMITS)
    message = refused_fetch(source, tmp_path)
    assert "access denied (AccessDenied)" in message
    assert "s3:ListBucket" in message
    with pytest.raises(StorageUnavailable, match="access denied"):
        source.stat("W1")


def test_the_bucket_is_a_part_of_the_path_and_the_request_is_signed(server: Server) -> None:
    server.behaviours[SERVED] = status(200, b"abc", ETag='"one"')
    assert BucketSource(storage_of(URL), LIMITS).stat("W1") is not None
    method, path, headers = server.requests[0]
    assert (method, path) == ("HEAD", SERVED)
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=testing/")
    assert "/eu-central-1/s3/" in headers["Authorization"]


def test_a_cut_body_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.behaviours[SERVED] = raw(HEAD + b"\r\nabc")
    assert "broke off" in refused_fetch(BucketSource(storage_of(URL), LIMITS), tmp_path)


def test_a_slow_drip_ends_at_the_deadline(server: Server, tmp_path: Path) -> None:
    server.behaviours[SERVED] = dripping(server, HEAD + b"\r\n")
    began = time.monotonic()
    assert "took longer than 4 s" in refused_fetch(BucketSource(storage_of(URL), LIMITS), tmp_path)
    assert time.monotonic() - began < 10


def test_a_server_that_is_not_there_is_unavailable(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as reserved:  # bound, but not listening
        reserved.bind(("127.0.0.1", 0))
        environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{reserved.getsockname()[1]}")
        source = BucketSource(storage_of(URL), LIMITS)
        assert "does not answer (EndpointConnectionError)" in refused_fetch(source, tmp_path)


def test_missing_credentials_are_named(server: Server, environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.delenv("AWS_ACCESS_KEY_ID")
    environment.delenv("AWS_SECRET_ACCESS_KEY")
    assert "no credentials" in refused_fetch(BucketSource(storage_of(URL), LIMITS), tmp_path)
    assert server.requests == []


@pytest.mark.parametrize("name", ["", "../W1", "a/b", "1a", "a.b", "W" * 65])
def test_a_name_is_never_a_path(source: BucketSource, tmp_path: Path, name: str) -> None:
    for call in (
        lambda: source.stat(name),
        lambda: source.fetch(name, tmp_path / "out.zip"),
        lambda: source.save(name, tmp_path),
    ):
        with pytest.raises(InvalidName):
            call()


def test_an_s3_url_opens_a_bucket(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put(client, "team/functions/W1.zip")
    monkeypatch.setattr("functions.sources.storage.storages", {"functions": storage_of(URL)})
    assert open_source(URL).names() == ["W1"]


def test_a_bucket_of_amazon_has_no_endpoint_and_keys_are_no_part_of_the_settings() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "AWS_DEFAULT_REGION": "eu-west-1"}
    setting = storages_setting("s3://packages/", keys)
    assert setting["BACKEND"] == "storages.backends.s3.S3Storage"
    assert setting["OPTIONS"]["region_name"] == "eu-west-1"
    assert setting["OPTIONS"]["location"] == ""
    assert "endpoint_url" not in setting["OPTIONS"]
    assert "not-a-secret" not in repr(setting)


def test_a_list_is_read_or_missing(client: Any, source: BucketSource) -> None:
    put(client, "lists.txt", b"of another prefix")
    assert source.list_file() is None
    put(client, "team/functions/lists.txt", b"W1 W2")
    assert source.list_file() == b"W1 W2"


def test_a_list_that_is_too_large_is_refused(client: Any) -> None:
    put(client, "team/functions/lists.txt", b"W123")
    with pytest.raises(SourceInvalid, match=r"lists\.txt is larger"):
        BucketSource(storage_of(URL), FetchLimits(list_size=3)).list_file()
