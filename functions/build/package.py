"""A function's package on its way to the engine: fetched from where it lies, examined, matched with a runtime."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django.conf import settings

from functions.build import recipe
from functions.errors import SourceInvalid
from functions.sources import archive, manifest
from functions.sources.limits import ManifestLimits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions.models import Function
    from functions.sources.manifest import Manifest
    from functions.sources.storage import Source
    from runtimes.base import Runtime

VERSION_LENGTH = 16  # hexadecimal digits of the package's sha256
CHUNK = 1 << 20


@dataclass(frozen=True)
class Fetched:
    """A zip on our disk, and the mark of the state of its storage that it is."""

    path: Path
    etag: str


@dataclass(frozen=True)
class Package:
    """An examined package. `version` names its content."""

    path: Path
    name: str
    version: str
    code_size: int  # bytes, unpacked
    manifest: Manifest
    runtime: Runtime
    installs: tuple[str, ...]  # its files that list dependencies to install; empty when there is nothing to do

    @contextmanager
    def opened(self) -> Iterator[archive.Package]:
        """The package, open for reading."""
        with archive.read(self.path, self.name) as content:
            yield content

    def config(self) -> dict[str, Any]:
        """What a call needs to know of the manifest, as JSON."""
        wanted = self.manifest
        return {
            "handler": wanted.handler or self.runtime.handler,
            "timeout": wanted.timeout,
            "memory": wanted.memory,
            "env": wanted.env,
            "isolation": wanted.isolation,
            "network": wanted.network,
        }


def fetch(function: Function, source: Source, folder: Path) -> Fetched:
    """The function's zip in `folder`: the uploaded one, else the one in the storage."""
    path = folder / "package.zip"
    if not function.package:
        return Fetched(path, source.fetch(function.name, path).etag)
    with function.package.open("rb") as upload, path.open("wb") as copy:
        copy.writelines(upload.chunks())
    return Fetched(path, str(function.package.name))


def examine(path: Path, name: str, runtime_name: str) -> Package:
    """Checks the whole package; a given `runtime_name` wins over config.json. Raises SourceInvalid, RuntimeUnknown."""
    with archive.read(path, name) as content:
        wanted = _manifest(content, runtime_name)
        runtime = recipe.runtime(runtime_name or wanted.environment or _no_runtime())
        recipe.refuse_impossible(runtime, wanted.network != "none", wanted.isolation)
        size = sum(file.size for file in content.files)
        names = [file.path for file in content.files]
    return Package(path, name, _version(path), size, wanted, runtime, _to_install(names, wanted, runtime))


def _manifest(content: archive.Package, runtime_name: str) -> Manifest:
    if runtime_name and not any(file.path == manifest.FILE for file in content.files):
        return manifest.Manifest()
    limits = ManifestLimits(settings.WF_FUNCTION_TIMEOUT_MAX_SECONDS, settings.WF_FUNCTION_MEMORY_MAX)
    return manifest.load(content, limits)


def _no_runtime() -> str:
    raise SourceInvalid('config.json /environment: is missing; give a runtime such as "python3.7".')


def _to_install(names: list[str], wanted: Manifest, runtime: Runtime) -> tuple[str, ...]:
    """The dependency files, unless the package brings its dependencies itself or wants none."""
    if wanted.dependencies == "none" or runtime.manifest not in names:
        return ()
    if any(fnmatch(entry, pattern) for entry in _with_folders(names) for pattern in runtime.vendored):
        return ()
    return tuple(name for name in (runtime.manifest, *runtime.manifest_companions) if name in names)


def _with_folders(names: list[str]) -> set[str]:
    """The files and the folders above them: a pattern such as *.dist-info names a folder."""
    folders = {str(folder) for name in names for folder in PurePosixPath(name).parents}
    return folders.union(names)


def _version(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()[:VERSION_LENGTH]
