"""The documents name every variable and every error code, and nothing that there is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.functions.test_errors import tree
from workerfront.settings import env

DOCS = Path(__file__).resolve().parents[2] / "docs"
ORIGINAL_S = (
    "USER_CODE_SIZE_LIMIT",
    "CONTAINER_POOL_LIMIT",
    "CONTAINER_POOL_NUM",
    "USING_REST_MODE",
    "REST_CONTAINER_LIFE_TIME",
    "USER_FUNCTION_URL_PREFIX",
)
CODES = sorted({(kind.code, kind.status) for kind in tree()})


def rows_of(document: str) -> dict[str, list[str]]:
    """The rows of a document's tables whose first cell is a `name`: that name, and the other cells."""
    lines = re.findall(r"^\| `([^`]+)` \|(.*)\|$", (DOCS / document).read_text(), re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in lines}


@pytest.mark.parametrize("name", sorted(env.known))
def test_every_variable_is_described(name: str) -> None:
    assert name in rows_of("configuration.md")


@pytest.mark.parametrize("name", ORIGINAL_S)
def test_the_original_s_variables_are_spoken_of(name: str) -> None:
    assert f"`{name}`" in (DOCS / "configuration.md").read_text()


@pytest.mark.parametrize("document", ["configuration.md", "security.md", "packages.md", "runtimes.md", "../README.md"])
def test_no_document_names_a_variable_that_the_worker_would_refuse(document: str) -> None:
    named = set(re.findall(r"`(WF_[A-Z_]+)`", (DOCS / document).read_text()))
    inside_containers = {"WF_CHANNEL", "WF_HANDLER", "WF_MODE", "WF_RUNTIME", "WF_LOG_LIMIT", "WF_RESULT_LIMIT", "WF_"}
    assert named - inside_containers <= env.known


@pytest.mark.parametrize(("code", "status"), CODES)
def test_every_error_code_is_described_with_its_status(code: str, status: int) -> None:
    assert rows_of("errors.md")[code][0] == str(status)


def test_no_error_code_is_described_that_there_is_not() -> None:
    assert set(rows_of("errors.md")) == {code for code, _ in CODES}


@pytest.mark.parametrize(
    "name", ["architecture", "configuration", "errors", "packages", "runtimes", "agents", "security"]
)
def test_a_document_that_the_code_refers_to_exists(name: str) -> None:
    assert (DOCS / f"{name}.md").stat().st_size > 500


def test_every_document_that_the_code_names_exists() -> None:
    named = set()
    for folder in ("functions", "runtimes", "workerfront"):
        for path in (DOCS.parent / folder).rglob("*.py"):
            named |= set(re.findall(r"\bdocs/(\w+\.\w+)", path.read_text()))
    assert named
    assert [name for name in named if not (DOCS / name).exists()] == []
