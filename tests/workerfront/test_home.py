"""The state folder: made on first use, private, and one secret for all who begin at once."""

from __future__ import annotations

import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from workerfront import home

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

PEOPLE = 20


def at_once(work: Callable[[], str]) -> set[str]:
    """What many threads get that begin in the same moment."""
    barrier, got = threading.Barrier(PEOPLE), []

    def begin() -> None:
        barrier.wait()
        got.append(work())

    threads = [threading.Thread(target=begin) for _ in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == PEOPLE
    return set(got)


def test_the_folder_and_its_rooms(tmp_path: Path) -> None:
    made = home.prepare(tmp_path / "deep" / "home")
    assert made == tmp_path / "deep" / "home"
    home.prepare(made)
    rooms = ["cache", "channels", "uploads", "work"]
    assert sorted(path.name for path in made.iterdir() if path.name in rooms) == rooms
    assert {stat.S_IMODE(path.stat().st_mode) for path in (made, *made.iterdir())} == {0o700}


def test_a_secret_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    first = home.remembered(path, 16)
    assert len(first) == 32
    assert home.remembered(path, 16) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert home.remembered(tmp_path / "other", 16) != first


def test_a_secret_that_somebody_wrote_is_taken(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("my own\n")
    assert home.remembered(tmp_path / "secret", 16) == "my own"


def test_all_who_begin_at_once_get_the_same(tmp_path: Path) -> None:
    assert len(at_once(lambda: home.remembered(tmp_path / "secret", 16))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_who_finds_no_file_but_is_not_the_first_to_write_takes_the_first_one_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window between looking and writing, hit by everybody."""
    window, exists = threading.Barrier(PEOPLE), Path.exists

    def looked(path: Path) -> bool:
        found = exists(path)
        window.wait()
        return found

    monkeypatch.setattr(Path, "exists", looked)
    assert len(at_once(lambda: home.remembered(tmp_path / "secret", 16))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
