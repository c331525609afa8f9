"""The build context: its layout, and equal bytes for equal content."""

from __future__ import annotations

import io
import tarfile
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions.build import context
from functions.build.package import examine
from functions.errors import SourceInvalid
from runtimes import registry
from tests.functions.build.packages import NODE, PYTHON, package
from tests.functions.sources import zips

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import Settings

DOCKERFILE = "FROM scratch\n"


def written(path: Path, name: str = "W1") -> bytes:
    buffer = io.BytesIO()
    context.write(examine(path, name, "python3.12"), DOCKERFILE, buffer)
    return buffer.getvalue()


def entries(data: bytes) -> dict[str, bytes | None]:
    """Names and contents; None for a folder."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {
            entry.name: file.read() if (file := tar.extractfile(entry)) else None for entry in tar if not entry.issym()
        }


def test_the_layout(tmp_path: Path) -> None:
    found = entries(written(package(tmp_path, files={**PYTHON, "lib/data.txt": "data"})))
    assert found["Dockerfile"] == DOCKERFILE.encode()
    assert found["code/main.py"] == PYTHON["main.py"].encode()
    assert found["code/lib/data.txt"] == b"data"
    assert [name for name in found if name.startswith("dependencies")] == ["dependencies"]
    assert any(name.startswith("agent/") for name in found)
    assert next(iter(found)) == "Dockerfile"


def test_the_agent_is_there_whole_but_without_caches(tmp_path: Path) -> None:
    agent = tmp_path / "agent"
    for file in ("main.js", "lib/a.js", "__pycache__/a.pyc", "lib/__pycache__/b.pyc"):
        (agent / file).parent.mkdir(parents=True, exist_ok=True)
        (agent / file).write_text(file)
    with registry.override(replace(registry.get("python3.12"), agent=agent)):
        found = entries(written(package(tmp_path)))
    files = {name: data for name, data in found.items() if name.startswith("agent/") and data is not None}
    assert files == {"agent/main.js": b"main.js", "agent/lib/a.js": b"lib/a.js"}


def test_the_top_folder_of_the_package_is_removed(tmp_path: Path) -> None:
    flat = written(package(tmp_path))
    assert written(package(tmp_path, top=True)) == flat


def test_equal_content_gives_equal_bytes_whatever_its_age(tmp_path: Path) -> None:
    old = written(package(tmp_path))
    with zipfile.ZipFile(tmp_path / "W1.zip", "w", zipfile.ZIP_STORED) as archive:
        for name, text in PYTHON.items():
            archive.writestr(zipfile.ZipInfo(name, (1999, 12, 31, 23, 59, 58)), text)
    assert written(tmp_path / "W1.zip") == old
    assert written(package(tmp_path, files={**PYTHON, "a": "b"})) != old


def test_every_entry_belongs_to_root_and_has_no_time(tmp_path: Path) -> None:
    executable = zips.entry("bin/tool", mode=0o100755)
    path = zips.written(tmp_path, zips.zipped(("main.py", b""), (executable, b"#!"), ("a.txt", b"a")))
    with tarfile.open(fileobj=io.BytesIO(written(path))) as tar:
        found = {entry.name: entry for entry in tar}
    assert {(entry.uid, entry.gid, entry.mtime, entry.uname) for entry in found.values()} == {(0, 0, 0, "")}
    assert (found["code/bin/tool"].mode, found["code/a.txt"].mode, found["code"].mode) == (0o755, 0o644, 0o755)


def test_a_dockerfile_in_the_package_is_data(tmp_path: Path) -> None:
    hostile = {**PYTHON, "Dockerfile": "FROM evil\n", ".dockerignore": "*\n", "agent/agent.py": "evil"}
    found = entries(written(package(tmp_path, files=hostile)))
    assert found["Dockerfile"] == DOCKERFILE.encode()
    assert found["code/Dockerfile"] == b"FROM evil\n"
    assert found["code/agent/agent.py"] == b"evil"
    assert ".dockerignore" not in found


def test_what_lists_dependencies_comes_before_the_code(tmp_path: Path) -> None:
    files = {**NODE, "package.json": "{}", "package-lock.json": "{ }"}
    found = entries(written(package(tmp_path, files=files)))
    assert "dependencies/package.json" not in found  # config.json says node12, but the row said python3.12
    buffer = io.BytesIO()
    context.write(examine(tmp_path / "W1.zip", "W1", ""), DOCKERFILE, buffer)
    found = entries(buffer.getvalue())
    assert (found["dependencies/package.json"], found["dependencies/package-lock.json"]) == (b"{}", b"{ }")
    assert (found["code/package.json"], found["code/package-lock.json"]) == (b"{}", b"{ }")
    assert list(found).index("dependencies/package.json") < list(found).index("code/package.json")


@pytest.mark.parametrize("has_dependencies", [True, False])
def test_certificates_are_for_dependencies_only(tmp_path: Path, settings: Settings, has_dependencies: bool) -> None:
    settings.WF_BUILD_CA_FILE = tmp_path / "bundle.pem"
    settings.WF_BUILD_CA_FILE.write_text("certificates")
    files = {**PYTHON, "requirements.txt": "six\n"} if has_dependencies else PYTHON
    found = entries(written(package(tmp_path, files=files)))
    assert found.get("dependencies/ca.pem") == (b"certificates" if has_dependencies else None)
    assert [name for name in found if name.endswith("ca.pem")] == ["dependencies/ca.pem"] * has_dependencies


def test_without_certificates_none_are_written(tmp_path: Path, settings: Settings) -> None:
    settings.WF_BUILD_CA_FILE = None
    found = entries(written(package(tmp_path, files={**PYTHON, "requirements.txt": "six\n"})))
    assert found["dependencies/requirements.txt"] == b"six\n"
    assert "dependencies/ca.pem" not in found


def test_a_damaged_entry_is_refused(tmp_path: Path) -> None:
    data = zips.zipped(("config.json", b'{"environment": "python3.12"}'), ("main.py", b"print(1)\n" * 50))
    path = zips.written(tmp_path, zips.forged(data, "crc", 1, number=1))
    with pytest.raises(SourceInvalid, match=r"main\.py"):
        written(path)


def test_names_longer_than_a_plain_tar_header_has_room_for(tmp_path: Path) -> None:
    name = "/".join(["folder" * 10] * 4) + "/file-\u00e4\u4e2d.txt"
    assert entries(written(package(tmp_path, files={**PYTHON, name: "x"})))[f"code/{name}"] == b"x"
