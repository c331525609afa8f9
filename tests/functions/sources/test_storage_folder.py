from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage.handler import StorageHandler

from functions.errors import DiskFull, FunctionNotFound, InvalidName, SourceInvalid, StorageUnavailable
from functions.sources.folder import FolderSource
from functions.sources.limits import FetchLimits
from functions.sources.location import storages_setting
from functions.sources.storage import open_source
from tests.functions.sources.folders import names_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder"
    folder.mkdir()
    return folder


@pytest.fixture
def source(folder: Path) -> FolderSource:
    return FolderSource(storage_of(folder), FetchLimits(size=100))


def storage_of(folder: Path) -> Any:
    return StorageHandler({"functions": storages_setting(folder.as_uri())})["functions"]  # type: ignore[dict-item]


def test_a_package_is_fetched_with_the_state_that_was_read(source: FolderSource, folder: Path, tmp_path: Path) -> None:
    (folder / "W1.zip").write_bytes(b"abc")
    stat = source.fetch("W1", tmp_path / "out.zip")
    assert stat == source.stat("W1")
    assert stat.size == 3
    assert (tmp_path / "out.zip").read_bytes() == b"abc"


def test_another_file_of_equal_size_and_time_has_another_etag(source: FolderSource, folder: Path) -> None:
    for name in ("W1.zip", "new"):
        (folder / name).write_bytes(b"abc")
        os.utime(folder / name, ns=(1, 1))
    before = source.stat("W1")
    (folder / "new").replace(folder / "W1.zip")
    assert source.stat("W1") != before


def test_a_missing_package_is_missing(source: FolderSource, tmp_path: Path) -> None:
    assert source.stat("W1") is None
    with pytest.raises(FunctionNotFound, match=r"W1\.zip"):
        source.fetch("W1", tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()


def test_a_missing_folder_is_the_storages_fault(source: FolderSource, folder: Path, tmp_path: Path) -> None:
    folder.rmdir()
    for call in (
        lambda: source.stat("W1"),
        lambda: source.fetch("W1", tmp_path / "out.zip"),
        source.names,
    ):
        with pytest.raises(StorageUnavailable) as caught:
            call()
        assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_plain_file_is_refused_without_opening_it(
    source: FolderSource, folder: Path, tmp_path: Path, make: Any
) -> None:
    make(folder / "W1.zip")
    with pytest.raises(SourceInvalid, match=r"W1\.zip is not a plain file"):
        source.fetch("W1", tmp_path / "out.zip")
    with pytest.raises(SourceInvalid, match=r"W1\.zip is not a plain file"):
        source.stat("W1")


def test_a_file_above_the_limit_is_refused(source: FolderSource, folder: Path, tmp_path: Path) -> None:
    (folder / "W1.zip").write_bytes(bytes(101))
    with pytest.raises(SourceInvalid, match=r"W1\.zip is larger than 100 bytes"):
        source.fetch("W1", tmp_path / "out.zip")
    with pytest.raises(SourceInvalid, match=r"W1\.zip is larger than 100 bytes"):
        source.save("W1", folder / "W1.zip")
    assert names_in(tmp_path) == ["a folder"]


class Restless:
    """Django's storage, but whoever opens a file finds that somebody else has just written to it."""

    def __init__(self, storage: Any, times: int) -> None:
        self._storage = storage
        self._times = times
        self.opened = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def open(self, name: str) -> Any:
        self.opened += 1
        file = self._storage.open(name)
        if self.opened <= self._times:
            Path(self._storage.path(name)).write_bytes(b"x" * (10 + self.opened))
        return file


def test_a_package_that_changes_while_it_is_read_is_read_again(folder: Path, tmp_path: Path) -> None:
    (folder / "W1.zip").write_bytes(b"a longer package at first")
    storage: Any = Restless(storage_of(folder), 2)
    assert FolderSource(storage).fetch("W1", tmp_path / "out.zip").size == 12
    assert (tmp_path / "out.zip").read_bytes() == b"x" * 12
    assert storage.opened == 3


def test_a_package_that_never_rests_is_given_up(folder: Path, tmp_path: Path) -> None:
    (folder / "W1.zip").write_bytes(b"abc")
    storage: Any = Restless(storage_of(folder), 100)
    with pytest.raises(StorageUnavailable, match="changes while it is read"):
        FolderSource(storage).fetch("W1", tmp_path / "out.zip")
    assert names_in(tmp_path) == ["a folder"]
    assert storage.opened == 3


def test_a_saved_package_takes_the_place_of_the_old_one_in_one_step(
    source: FolderSource, folder: Path, tmp_path: Path
) -> None:
    (folder / "W1.zip").write_bytes(b"old")
    (tmp_path / "new").write_bytes(b"new one")
    with (folder / "W1.zip").open("rb") as reader:
        source.save("W1", tmp_path / "new")
        assert reader.read() == b"old"
    assert (folder / "W1.zip").read_bytes() == b"new one"
    assert names_in(folder) == ["W1.zip"]
    assert (tmp_path / "new").exists()


def test_a_folder_is_made_by_the_first_package(source: FolderSource, folder: Path, tmp_path: Path) -> None:
    folder.rmdir()
    (tmp_path / "new").write_bytes(b"abc")
    source.save("W1", tmp_path / "new")
    assert source.names() == ["W1"]


def test_a_full_disk_leaves_the_old_package(
    source: FolderSource, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "W1.zip").write_bytes(b"old")
    (tmp_path / "new").write_bytes(b"new")

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DiskFull):
        source.save("W1", tmp_path / "new")
    with pytest.raises(DiskFull):
        source.fetch("W1", tmp_path / "out.zip")
    assert names_in(folder) == ["W1.zip"]
    assert (folder / "W1.zip").read_bytes() == b"old"
    assert names_in(tmp_path) == ["a folder", "new"]


def test_the_names_are_those_of_packages_only(source: FolderSource, folder: Path) -> None:
    for name in ("b.zip", "A_1.zip", "1a.zip", ".W1.zip.0123", "notes.txt", "x.y.zip", ".zip"):
        (folder / name).touch()
    (folder / "sub").mkdir()
    assert source.names() == ["A_1", "b"]


@pytest.mark.parametrize("name", ["", "..", "../W1", "/etc/x", "a/b", "1a", "a.b", "a\n", "W" * 65])
def test_a_name_is_never_a_path(source: FolderSource, tmp_path: Path, name: str) -> None:
    for call in (
        lambda: source.stat(name),
        lambda: source.fetch(name, tmp_path / "out.zip"),
        lambda: source.save(name, tmp_path),
    ):
        with pytest.raises(InvalidName):
            call()


def test_a_file_url_opens_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "W1.zip").touch()
    monkeypatch.setattr("functions.sources.storage.storages", {"functions": storage_of(folder)})
    assert open_source(folder.as_uri()).names() == ["W1"]


def test_a_file_url_names_a_folder() -> None:
    assert storages_setting("file:///srv/my%20functions")["OPTIONS"] == {"location": "/srv/my functions"}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("", "must begin with file://", id="empty"),
        pytest.param("/srv/functions", "must begin with file://", id="path"),
        pytest.param("ftp://host/x", "not 'ftp'", id="scheme"),
        pytest.param("file://functions", "three slashes", id="two-slashes"),
        pytest.param("file:functions", "three slashes", id="relative"),
        pytest.param("file:///x?y", "three slashes", id="query"),
        pytest.param("s3://", "s3://bucket/prefix", id="no-bucket"),
        pytest.param("s3:///prefix", "s3://bucket/prefix", id="empty-bucket"),
        pytest.param("s3://Bucket", "s3://bucket/prefix", id="bucket-in-capitals"),
        pytest.param("s3://key:secret@bucket", "AWS_", id="credentials"),
        pytest.param("s3://bucket/a/../b", "no empty part", id="prefix-parent"),
        pytest.param("s3://bucket/a//b", "no empty part", id="prefix-empty-part"),
        pytest.param("http:///x", "https://host/path/", id="no-host"),
        pytest.param("http://host/x#y", "https://host/path/", id="fragment"),
    ],
)
def test_a_url_that_names_no_storage_is_refused_without_repeating_it(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        storages_setting(url, {})
    assert reason in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_http_url_leaves_a_storage_that_can_do_nothing() -> None:
    setting: Any = storages_setting("https://host/x/")
    storage = StorageHandler({"functions": setting})["functions"]
    with pytest.raises(NotImplementedError):
        storage.listdir("")


def test_a_list_is_read_as_it_is_or_missing(source: FolderSource, folder: Path) -> None:
    assert source.list_file() is None
    (folder / "lists.txt").write_bytes(b"W1\n\xff")
    assert source.list_file() == b"W1\n\xff"
    assert source.names() == []


def test_a_list_that_is_too_large_or_no_file_is_refused(folder: Path) -> None:
    source = FolderSource(storage_of(folder), FetchLimits(list_size=3))
    (folder / "lists.txt").write_bytes(b"W123")
    with pytest.raises(SourceInvalid, match=r"lists\.txt is larger"):
        source.list_file()
    (folder / "lists.txt").unlink()
    os.mkfifo(folder / "lists.txt")
    with pytest.raises(SourceInvalid, match=r"lists\.txt is not a plain file"):
        source.list_file()
