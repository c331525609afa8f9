"""Hostile and broken packages in the source folder: refused with a name for what is wrong, nothing built."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.contract import engine_view
from tests.docker.functions import node

if TYPE_CHECKING:
    from tests.worker import Worker

CONFIG = ("config.json", b'{"environment": "node12"}')
LINK = zipfile.ZipInfo("passwords")
LINK.external_attr = (stat.S_IFLNK | 0o777) << 16


def _zip(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return target.getvalue()


PACKAGES = {
    "Slip": (_zip(CONFIG, ("../x", b"")), "source_invalid", "'../x'"),
    "Link": (_zip(CONFIG, (LINK, b"/etc/passwd")), "source_invalid", "'passwords'"),
    "Bomb": (_zip(CONFIG, ("zeros", bytes(64 << 20))), "source_invalid", "'zeros'"),
    "NoZip": (b"not a zip", "source_invalid", "not a zip"),
    "NoConfig": (_zip(("index.js", b"")), "source_invalid", "config.json"),
    "BadConfig": (_zip(("config.json", b'{"environment": "node12", "memory": "lots"}')), "source_invalid", "/memory"),
    "NoRuntime": (_zip(("config.json", b"{}")), "source_invalid", "/environment"),
    "OldRuntime": (_zip(("config.json", b'{"environment": "cobol60"}')), "runtime_unknown", "python3.7"),
}


@pytest.mark.parametrize("name", PACKAGES)
def test_a_bad_package_is_refused_by_name(worker: Worker, name: str) -> None:
    content, code, named = PACKAGES[name]
    (worker.home / "functions").mkdir(exist_ok=True)
    (worker.home / "functions" / f"{name}.zip").write_bytes(content)
    reply = worker.execute(name)
    assert (reply.status, reply.json["Code"]) == (502, code)
    assert named in reply.json["Message"]
    assert str(worker.home) not in reply.json["Message"]
    assert not engine_view.images(worker, function=name)
    assert not list((worker.home / "work").iterdir())


def test_a_dockerfile_in_a_package_is_data(worker: Worker) -> None:
    body = "return require('fs').readFileSync('Dockerfile', 'utf8');"
    worker.deploy("Dockered", {**node(body), "Dockerfile": "FROM scratch\nUSER root\n"})
    assert worker.execute("Dockered").json["Result"]["body"] == "FROM scratch\nUSER root\n"


def test_uid_root_file_system_and_scratch_space_are_as_promised(worker: Worker) -> None:
    body = """
        const fs = require('fs');
        const write = (path) => fs.writeFileSync(path, 'x') || true;
        const tries = (path) => { try { return write(path); } catch (error) { return error.code; } };
        return [process.getuid(), tries('/function/x'), tries('/x'), tries('/run/worker-front/x'), tries('/tmp/x')];
    """
    worker.deploy("Confined", node(body))
    found = json.loads(worker.execute("Confined").json["Result"]["body"])
    assert found == [65532, "EROFS", "EROFS", "EACCES", True]
