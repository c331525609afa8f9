from __future__ import annotations

import os
import stat
import tracemalloc
import warnings
import zipfile
import zlib
from pathlib import Path

import pytest

from functions.errors import DiskFull, SourceInvalid
from functions.sources import archive
from functions.sources.limits import ARCHIVE_LIMITS, MIB, ArchiveLimits
from tests.functions.sources.folders import names_in
from tests.functions.sources.zips import SMALL, entry, forged, written, zipped

LINK = stat.S_IFLNK | 0o777
MAIN = ("main.py", b"x")


def refusal(folder: Path, data: bytes, limits: ArchiveLimits | None = None) -> str:
    """Unpacks, expects a refusal, and checks that nothing is left."""
    path = written(folder, data)
    with pytest.raises(SourceInvalid) as caught:
        contents(path, "W1", limits or ArchiveLimits())
    assert names_in(folder) == ["W1.zip"]
    return caught.value.message


def unpacked(folder: Path, data: bytes, name: str = "W1") -> dict[str, bytes]:
    return contents(written(folder, data), name)


def contents(path: Path, name: str, limits: ArchiveLimits = ARCHIVE_LIMITS) -> dict[str, bytes]:
    with archive.read(path, name, limits) as package:
        return {file.path: b"".join(package.chunks(file)) for file in package.files}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("../x", "leads out", id="parent"),
        pytest.param("a/../../x", "leads out", id="parent-inside"),
        pytest.param("a/..", "leads out", id="parent-last"),
        pytest.param("/etc/passwd", "absolute", id="absolute"),
        pytest.param("//host/share", "absolute", id="unc"),
        pytest.param("C:/x", "drive", id="drive"),
        pytest.param("c:x", "drive", id="drive-relative"),
        pytest.param("a\\..\\x", "backslash", id="backslash"),
        pytest.param("main.py\0.txt", "control character", id="nul"),
        pytest.param("a\nb", "control character", id="newline"),
        pytest.param("a\x7fb", "control character", id="delete"),
        pytest.param("a\x9bb", "control character", id="c1"),
        pytest.param("a\u2028b", "control character", id="line-separator"),
        pytest.param("./x", "'.'", id="dot"),
        pytest.param("a//b", "empty part", id="empty-part"),
        pytest.param("a/./b", "'.'", id="dot-inside"),
        pytest.param("", "no name", id="no-name"),
        pytest.param("n" * 256, "too long a name", id="long-name"),
        pytest.param("n/" * 600 + "x", "too long a path", id="long-path"),
    ],
)
def test_a_name_that_is_no_plain_relative_path_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    message = refusal(tmp_path, zipped(MAIN, (name, b"evil")))
    assert reason in message
    assert ascii(name)[:40].rstrip("'") in message


@pytest.mark.parametrize(
    ("names", "named", "reason"),
    [
        pytest.param(("a.py", "a.py"), "a.py", "twice", id="same"),
        pytest.param(("A.py", "a.py"), "'a.py'", "the other one is 'A.py'", id="case"),
        pytest.param(("\u00e9.py", "e\u0301.py"), "e\\u0301.py", "twice", id="unicode-form"),
        pytest.param(("stra\u00dfe", "STRASSE"), "STRASSE", "twice", id="casefold"),
        pytest.param(("a/b/c", "A/x", "a/b/d"), "A/x", "also spelled 'a'", id="cases-not-next-to-each-other"),
        pytest.param(("lib", "lib/a.py"), "lib/a.py", "also a file", id="file-then-folder"),
        pytest.param(("lib/a.py", "lib"), "lib/a.py", "also a file", id="folder-then-file"),
        pytest.param(
            ("lib", "lib-2", "LIB/x/a.py"), "LIB/x/a.py", "also a file", id="file-then-folder-of-another-case"
        ),
        pytest.param(("lib/", "lib"), "lib", "twice", id="folder-entry-then-file"),
        pytest.param(("lib/", "LIB/a.py"), "LIB/a.py", "also spelled 'lib'", id="folder-of-two-cases"),
        pytest.param(("lib/x/a.py", "Lib/x/b.py"), "Lib/x/b.py", "also spelled 'lib", id="parents-of-two-cases"),
    ],
)
def test_two_names_that_some_file_system_takes_for_one_are_refused(
    tmp_path: Path, names: tuple[str, ...], named: str, reason: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile warns of the name it writes twice
        data = zipped(*((name, b"" if name.endswith("/") else b"x") for name in names))
    message = refusal(tmp_path, data)
    assert reason in message
    assert named in message


@pytest.mark.parametrize(
    ("mode", "name", "reason"),
    [
        pytest.param(LINK, "x", "is a link", id="link"),
        pytest.param(LINK, "x/", "is a link", id="link-as-folder"),
        pytest.param(stat.S_IFCHR | 0o666, "x", "neither", id="character-device"),
        pytest.param(stat.S_IFBLK | 0o666, "x", "neither", id="block-device"),
        pytest.param(stat.S_IFIFO | 0o666, "x", "neither", id="pipe"),
        pytest.param(stat.S_IFSOCK | 0o666, "x", "neither", id="socket"),
        pytest.param(stat.S_IFDIR | 0o755, "x", "neither", id="folder-named-as-file"),
        pytest.param(stat.S_IFREG | 0o644, "x/", "neither", id="file-named-as-folder"),
        pytest.param(stat.S_IFREG | 0o4755, "x", "setuid", id="setuid"),
        pytest.param(stat.S_IFREG | 0o2755, "x", "setgid", id="setgid"),
    ],
)
def test_an_entry_that_is_no_plain_file_or_folder_is_refused(tmp_path: Path, mode: int, name: str, reason: str) -> None:
    content = b"" if name.endswith("/") else b"/etc/passwd"
    message = refusal(tmp_path, zipped(MAIN, (entry(name, mode), content)))
    assert reason in message
    assert f"{name!r}" in message


def test_a_link_is_refused_whatever_system_the_archive_claims_to_come_from(tmp_path: Path) -> None:
    info = entry("x", LINK)
    info.create_system = 0
    assert "is a link" in refusal(tmp_path, zipped((info, b"/etc/passwd")))


def test_a_folder_with_content_is_refused(tmp_path: Path) -> None:
    data = zipped(("lib_", b"hidden")).replace(b"lib_", b"lib/")
    assert "folder with content" in refusal(tmp_path, data)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        pytest.param("flags", 0x1, "encrypted", id="encrypted"),
        pytest.param("flags", 0x41, "encrypted", id="strong-encryption"),
        pytest.param("flags", 0x20, "encrypted", id="patch"),
        pytest.param("method", 9, "packed by a method", id="deflate64"),
        pytest.param("method", zipfile.ZIP_BZIP2, "packed by a method", id="bzip2"),
        pytest.param("method", zipfile.ZIP_LZMA, "packed by a method", id="lzma"),
        pytest.param("crc", 1, "damaged", id="crc"),
        pytest.param("size", 5, "larger than it claims", id="larger-than-claimed"),
        pytest.param("size", 2000, "shorter than it claims", id="shorter-than-claimed"),
        pytest.param("offset", 1 << 30, "lies outside", id="offset"),
        pytest.param("offset", 3, "damaged", id="offset-inside"),
        pytest.param("packed", 1 << 30, "lies outside", id="packed-size"),
        pytest.param("packed", 2, "damaged", id="packed-size-too-small"),
    ],
)
def test_an_entry_with_a_forged_header_is_refused(tmp_path: Path, field: str, value: int, reason: str) -> None:
    data = forged(zipped(("data.txt", bytes(range(256)) * 2), MAIN), field, value)
    message = refusal(tmp_path, data)
    assert reason in message
    assert "'data.txt'" in message


def test_a_size_claimed_too_small_with_a_checksum_that_fits_it_is_refused(tmp_path: Path) -> None:
    content = b"0123456789"
    data = forged(forged(zipped(("data.txt", content)), "size", 4), "crc", zlib.crc32(content[:4]))
    assert "'data.txt' is damaged" in refusal(tmp_path, data)


def test_entries_that_lie_over_each_other_are_refused(tmp_path: Path) -> None:
    content = os.urandom(1000)
    data = zipped(*((f"{number}.bin", content if number == 0 else b"") for number in range(4)))
    for number in range(1, 4):
        for field, value in (("offset", 0), ("packed", 1000), ("size", 1000), ("crc", zlib.crc32(content))):
            data = forged(data, field, value, number)
    assert "over another entry" in refusal(tmp_path, data)


def test_a_name_that_differs_between_directory_and_header_is_refused(tmp_path: Path) -> None:
    data = zipped(("good.py", b"x")).replace(b"good.py", b"evil.py", 1)
    assert "'good.py' is damaged" in refusal(tmp_path, data)


def test_a_name_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    data = zipped(("abc.py", b"x")).replace(b"abc.py", b"\xff\xfec.py")
    message = refusal(tmp_path, data)
    assert "not UTF-8" in message
    assert "\\xff\\xfec.py" in message


def test_a_utf_8_name_without_the_flag_for_it_is_read_as_utf_8(tmp_path: Path) -> None:
    data = zipped(("d__a.txt", b"x"), MAIN).replace(b"d__a", "d\u00e9a".encode())
    assert "d\u00e9a.txt" in unpacked(tmp_path, data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "not a zip file", id="empty-file"),
        pytest.param(b"<html>not found</html>", "not a zip file", id="html"),
        pytest.param(SMALL[:-30], "cut off", id="cut-at-the-end"),
        pytest.param(SMALL[:40], "cut off", id="cut-at-the-start"),
        pytest.param(SMALL + b"more", "behind the end", id="trailing"),
        pytest.param(SMALL[40:], "not a zip file|outside|damaged", id="head-missing"),
        pytest.param(SMALL[:-22] + b"PK\6\7" + bytes(16) + SMALL[-22:], "ZIP64", id="zip64"),
        pytest.param(zipped(), "no files", id="no-entries"),
        pytest.param(zipped(("W1/", b"")), "no files", id="only-a-folder"),
    ],
)
def test_what_is_no_whole_zip_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    message = refusal(tmp_path, data)
    assert any(part in message for part in reason.split("|")), message


def test_every_cut_of_a_zip_and_every_flipped_byte_is_read_or_refused(tmp_path: Path) -> None:
    path = written(tmp_path, SMALL)
    for number in range(len(SMALL)):
        for data in (SMALL[:number], SMALL[:number] + bytes([SMALL[number] ^ 0xFF]) + SMALL[number + 1 :]):
            path.write_bytes(data)
            try:
                with archive.read(path, "W1") as package:
                    for file in package.files:
                        list(package.chunks(file))
            except SourceInvalid:
                pass


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        pytest.param(ArchiveLimits(packed=100), "larger than 100 bytes", id="packed"),
        pytest.param(ArchiveLimits(unpacked=1500), "'b.bin' brings the unpacked size above 1500 bytes", id="unpacked"),
        pytest.param(ArchiveLimits(entries=2), "more than 2 entries", id="entries"),
        pytest.param(ArchiveLimits(entries=0), "more than 0 entries", id="directory"),
        pytest.param(ArchiveLimits(ratio=10, ratio_free=500), "'a.bin' is packed too tightly", id="ratio"),
    ],
)
def test_a_package_beyond_a_limit_is_refused(tmp_path: Path, limits: ArchiveLimits, reason: str) -> None:
    data = zipped(("a.bin", bytes(1000)), ("b.bin", bytes(1000)), MAIN)
    assert reason in refusal(tmp_path, data, limits)


def test_the_limits_are_those_of_the_documentation() -> None:
    limits = ArchiveLimits()
    assert (limits.packed, limits.unpacked, limits.entries) == (50 * MIB, 250 * MIB, 10_000)
    assert (limits.ratio, limits.ratio_free) == (100, MIB)


def test_a_bomb_costs_no_memory(tmp_path: Path) -> None:
    data = forged(zipped(("bomb.bin", bytes(64 * MIB))), "size", MIB)
    written(tmp_path, data)
    tracemalloc.start()
    try:
        refusal(tmp_path, data)
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


def test_highly_packed_small_files_are_fine(tmp_path: Path) -> None:
    assert len(unpacked(tmp_path, zipped(("zeros.bin", bytes(MIB))))["zeros.bin"]) == MIB


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(("config.json", "main.py"), {"config.json", "main.py"}, id="at-the-root"),
        pytest.param(("W1/config.json", "W1/lib/a.py"), {"config.json", "lib/a.py"}, id="top-folder"),
        pytest.param(("W1/", "W1/a.py"), {"a.py"}, id="top-folder-entry"),
        pytest.param(("W2/a.py",), {"W2/a.py"}, id="top-folder-of-another-name"),
        pytest.param(("w1/a.py",), {"w1/a.py"}, id="top-folder-of-another-case"),
        pytest.param(("W1/a.py", "b.py"), {"W1/a.py", "b.py"}, id="folder-beside-files"),
        pytest.param(("W1/W1/a.py",), {"W1/a.py"}, id="stripped-once"),
        pytest.param(("W1", "a.py"), {"W1", "a.py"}, id="file-of-the-name"),
        pytest.param(("W1/a.py", "__MACOSX/W1/._a.py", ".DS_Store"), {"a.py"}, id="litter-of-macos"),
        pytest.param(("a.py", "lib/.DS_Store"), {"a.py"}, id="litter-inside"),
    ],
)
def test_the_top_folder_of_the_functions_name_is_stripped(
    tmp_path: Path, names: tuple[str, ...], expected: set[str]
) -> None:
    data = zipped(*((name, b"" if name.endswith("/") else b"x") for name in names))
    assert set(unpacked(tmp_path, data)) == expected


def test_what_is_ignored_is_checked_all_the_same(tmp_path: Path) -> None:
    assert "is a link" in refusal(tmp_path, zipped(MAIN, (entry("__MACOSX/x", LINK), b"/")))


def test_files_have_paths_sizes_and_executable_bits(tmp_path: Path) -> None:
    data = zipped((entry("W1/run.sh", stat.S_IFREG | 0o755), b"#!"), (entry("W1/a.py", stat.S_IFREG | 0o644), b"abc"))
    with archive.read(written(tmp_path, data), "W1") as package:
        assert [(file.path, file.size, file.executable) for file in package.files] == [
            ("run.sh", 2, True),
            ("a.py", 3, False),
        ]


def test_a_stored_file_and_an_empty_one_are_read(tmp_path: Path) -> None:
    data = zipped((entry("stored.bin", method=zipfile.ZIP_STORED), b"abc"), ("empty", b""))
    assert unpacked(tmp_path, data) == {"stored.bin": b"abc", "empty": b""}


def test_a_zip_that_was_streamed_is_read(tmp_path: Path) -> None:
    path = tmp_path / "W1.zip"
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as streamed:
        streamed.writestr("main.py", b"x" * 100)
    with os.fdopen(reading, "rb") as source:
        path.write_bytes(source.read())
    assert contents(path, "W1") == {"main.py": b"x" * 100}


def test_a_zip_with_a_comment_or_behind_a_program_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, b"#!/bin/sh\nexit\n" + SMALL)
    with zipfile.ZipFile(path, "a") as commented:
        commented.comment = b"commit 0123"
    assert set(unpacked(tmp_path, path.read_bytes())) == {"config.json", "main.py"}


def test_one_small_file_is_read_as_a_whole(tmp_path: Path) -> None:
    with archive.read(written(tmp_path, SMALL), "W1") as package:
        assert package.content("main.py", 100) == b"print(1)\n"
        assert package.content("other.py", 100) is None
        with pytest.raises(SourceInvalid, match=r"'main\.py' is larger than 8 bytes"):
            package.content("main.py", 8)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "lib").mkdir(parents=True)
    (folder / "main.py").write_text("x")
    (folder / "run.sh").write_text("#!")
    (folder / "run.sh").chmod(0o700)
    (folder / "lib/a.py").write_text("a")
    return folder


def test_a_packed_folder_is_read_back(project: Path, tmp_path: Path) -> None:
    for litter in (".git/config", "lib/__pycache__/a.pyc", "lib/.DS_Store", "__MACOSX/x"):
        (project / litter).parent.mkdir(parents=True, exist_ok=True)
        (project / litter).write_text("litter")
    archive.pack(project, "W1", tmp_path / "W1.zip")
    with archive.read(tmp_path / "W1.zip", "W1") as package:
        assert {file.path: file.executable for file in package.files} == {
            "lib/a.py": False,
            "main.py": False,
            "run.sh": True,
        }


def test_equal_folders_give_equal_packages(project: Path, tmp_path: Path) -> None:
    archive.pack(project, "W1", tmp_path / "first.zip")
    (project / "main.py").touch()
    (project / "lib/a.py").chmod(0o600)
    archive.pack(project, "W1", tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


@pytest.mark.parametrize("target", ["main.py", "lib", "missing"])
def test_a_link_is_not_packed(project: Path, tmp_path: Path, target: str) -> None:
    (project / "lib/link").symlink_to(project / target)
    with pytest.raises(SourceInvalid, match="'lib/link' is a link"):
        archive.pack(project, "W1", tmp_path / "W1.zip")
    assert names_in(tmp_path) == ["project"]


@pytest.mark.parametrize(
    ("name", "limits", "reason"),
    [
        pytest.param("a\\b", ArchiveLimits(), "backslash", id="name"),
        pytest.param("A.py", ArchiveLimits(), "twice", id="clash"),
        pytest.param("x", ArchiveLimits(unpacked=1000), "above 1000 bytes", id="unpacked"),
        pytest.param("x", ArchiveLimits(ratio_free=500, ratio=2), "too tightly", id="ratio"),
        pytest.param("x", ArchiveLimits(packed=300), "larger than 300 bytes", id="packed"),
    ],
)
def test_what_a_worker_would_refuse_is_not_packed(
    project: Path, tmp_path: Path, name: str, limits: ArchiveLimits, reason: str
) -> None:
    (project / "lib" / name).write_bytes(bytes(2000))
    with pytest.raises(SourceInvalid, match=reason):
        archive.pack(project, "W1", tmp_path / "W1.zip", limits)
    assert names_in(tmp_path) == ["project"]


def test_an_empty_folder_is_not_packed(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    with pytest.raises(SourceInvalid, match="no files"):
        archive.pack(tmp_path / "project", "W1", tmp_path / "W1.zip")


def test_no_draft_is_left_when_the_disk_is_full(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(DiskFull):
        archive.pack(project, "W1", tmp_path / "W1.zip")
    assert names_in(tmp_path) == ["project"]
