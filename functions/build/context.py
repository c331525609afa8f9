"""The build context: a tar in which equal content gives equal bytes, so that the engine's cache finds it again."""

from __future__ import annotations

import io
import tarfile
from typing import IO, TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from pathlib import Path

    from functions.build.package import Package
    from functions.sources.archive import Package as Archive
    from functions.sources.archive import PackedFile

FILE_MODE, EXECUTABLE_MODE, FOLDER_MODE = 0o644, 0o755, 0o755
SKIPPED = {"__pycache__"}


def write(package: Package, dockerfile: str, to: IO[bytes]) -> None:
    """Writes Dockerfile, agent/, dependencies/, code/ (docs/runtimes.md). Raises SourceInvalid for damaged entries."""
    with tarfile.open(fileobj=to, mode="w") as tar, package.opened() as content:
        _add(tar, "Dockerfile", dockerfile.encode())
        _add_tree(tar, "agent", package.runtime.agent)
        _add_dependencies(tar, package, content)
        _add_folder(tar, "code")
        for file in content.files:
            _add_packed(tar, f"code/{file.path}", file, content)


def _add_dependencies(tar: tarfile.TarFile, package: Package, content: Archive) -> None:
    _add_folder(tar, "dependencies")
    for file in content.files:
        if file.path in package.installs:
            _add_packed(tar, f"dependencies/{file.path}", file, content)
    if package.installs and settings.WF_BUILD_CA_FILE:
        _add(tar, "dependencies/ca.pem", settings.WF_BUILD_CA_FILE.read_bytes())


def _add_tree(tar: tarfile.TarFile, name: str, folder: Path) -> None:
    _add_folder(tar, name)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and SKIPPED.isdisjoint(path.relative_to(folder).parts):
            _add(tar, f"{name}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def _add_packed(tar: tarfile.TarFile, name: str, file: PackedFile, content: Archive) -> None:
    entry = _entry(name, EXECUTABLE_MODE if file.executable else FILE_MODE)
    data = b"".join(content.chunks(file))  # checked while it is read, before a byte of it is in the tar
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = _entry(name, FILE_MODE)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _add_folder(tar: tarfile.TarFile, name: str) -> None:
    entry = _entry(name, FOLDER_MODE)
    entry.type = tarfile.DIRTYPE
    tar.addfile(entry)


def _entry(name: str, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.uid, entry.gid, entry.mtime = mode, 0, 0, 0
    return entry
