"""`manage.py deploy`: folders and zips into the source storage, and the next call looks at them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from functions.sources import archive
from tests.functions.build.packages import PYTHON, package
from tests.functions.models import rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]


def deploy(*paths: Path) -> str:
    said = io.StringIO()
    call_command("deploy", *map(str, paths), stdout=said)
    return said.getvalue()


def folder(parent: Path, name: str = "Hello", files: dict[str, str] = PYTHON) -> Path:
    made = parent / name
    made.mkdir()
    for path, text in files.items():
        (made / path).write_text(text)
    return made


def test_a_folder_is_packed_under_its_name(tmp_path: Path, source_folder: Path) -> None:
    assert deploy(folder(tmp_path)) == "deployed Hello\n"
    with archive.read(source_folder / "Hello.zip", "Hello") as content:
        assert {file.path for file in content.files} == set(PYTHON)


def test_a_zip_is_copied_as_it_is(tmp_path: Path, source_folder: Path) -> None:
    path = package(tmp_path, "Hello")
    deploy(path)
    assert (source_folder / "Hello.zip").read_bytes() == path.read_bytes()


def test_several_at_once(tmp_path: Path, source_folder: Path) -> None:
    deploy(folder(tmp_path, "One"), folder(tmp_path, "Two"))
    assert sorted(path.name for path in source_folder.iterdir()) == ["One.zip", "Two.zip"]


@pytest.mark.parametrize("name", ["Hello", "hELLO"])
def test_a_known_function_is_outdated_whatever_the_case(tmp_path: Path, name: str) -> None:
    function, other = rows.function(name), rows.function("Other")
    deploy(folder(tmp_path))
    assert rows.snapshot(function)["version"] == ""
    assert rows.snapshot(other)["version"] == rows.VERSION


def test_a_path_with_a_dot_is_a_folder_s_name(
    tmp_path: Path, source_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder(tmp_path))
    assert deploy(Path()) == "deployed Hello\n"


@pytest.mark.parametrize("name", ["1st", "a b", ".hidden"])
def test_a_folder_whose_name_is_no_function_s_is_refused(tmp_path: Path, source_folder: Path, name: str) -> None:
    with pytest.raises(CommandError, match="letter"):
        deploy(folder(tmp_path, name))
    assert list(source_folder.iterdir()) == []


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="missing"):
        deploy(tmp_path / "missing")


def test_a_folder_with_a_link_is_refused_and_nothing_is_saved(tmp_path: Path, source_folder: Path) -> None:
    made = folder(tmp_path)
    (made / "link").symlink_to("/etc/passwd")
    with pytest.raises(CommandError, match="'link' is a link"):
        deploy(made)
    assert list(source_folder.iterdir()) == []
