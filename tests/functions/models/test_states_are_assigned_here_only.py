"""Nobody but the models' own QuerySets assigns a state: a transition elsewhere would not be one conditional UPDATE."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("functions", "workerfront", "runtimes")
ALLOWED = (ROOT / "functions/models", ROOT / "functions/migrations")
WRITERS = {"update", "create", "bulk_create", "get_or_create", "update_or_create", "bulk_update", "save", "aupdate"}
MODELS = {"Image", "Execution", "PoolEntry"}


def assigned_states(source: str) -> list[int]:
    """The lines in which something may write a row's state."""
    return sorted({node.lineno for node in ast.walk(ast.parse(source)) if _assigns_state(node)})  # type: ignore[attr-defined]


def _assigns_state(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return _writes(node)
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Attribute) and target.attr == "state" for target in targets)


def _writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in WRITERS | MODELS | {"setattr"}:
        return False
    keys = {keyword.arg for keyword in call.keywords}
    texts = {node.value for node in ast.walk(call) if isinstance(node, ast.Constant)}
    return "state" in keys | texts


@pytest.mark.parametrize(
    "line",
    [
        "Image.objects.filter(pk=1).update(state='READY')",
        "Image(state='READY')",
        "image.state = 'READY'",
        "image.state: str = 'READY'",
        "setattr(image, 'state', 'READY')",
        "rows.update(**{'state': 'READY'})",
        "image.save(update_fields=['state'])",
        "Execution.objects.create(state='RUNNING')",
        "Image.objects.bulk_update(images, ['state'])",
    ],
)
def test_an_assignment_is_found(line: str) -> None:
    assert assigned_states(f"\n{line}\n") == [2]


@pytest.mark.parametrize(
    "line", ["Image.objects.filter(state='READY').update(size=1)", "if image.state == 'READY': pass", "state = 1"]
)
def test_a_question_is_no_assignment(line: str) -> None:
    assert assigned_states(line) == []


def test_no_code_outside_of_the_models_assigns_a_state() -> None:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 50
    outside = [path for path in files if not any(path.is_relative_to(folder) for folder in ALLOWED)]
    found = {str(path.relative_to(ROOT)): assigned_states(path.read_text()) for path in outside}
    assert {path: lines for path, lines in found.items() if lines} == {}
