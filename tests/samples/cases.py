"""What each bundled sample is asked, and what its answer must be. The nonce of a call comes back in its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.worker import Reply

FOLDER = Path(__file__).resolve().parents[2] / "samples"
HELLO = ("PythonHello", "NodeHello", "JavaHello")  # the smallest of each language


@dataclass(frozen=True)
class Case:
    """An event and the body that answers it: a text, or the value of a JSON text."""

    event: dict[str, Any]
    body: Any

    def check(self, reply: Reply) -> None:
        """Fails unless it is the right answer."""
        assert reply.status == 200, reply.body
        result = reply.json["Result"]
        body = result["body"] if isinstance(self.body, str) else json.loads(result["body"])
        assert (result["statusCode"], body) == (200, self.body)


def case(sample: str, nonce: str) -> Case:
    """What this call of this sample is about."""
    text = f"Zoë {nonce}"
    match sample:
        case "PythonHello" | "NodeHello" | "JavaHello":
            return Case({"who": text}, f"Hello {text}, from {sample.removesuffix('Hello')}")
        case "PythonNumpy":
            answer = {"text": text, "sum": 6, "square": [[9, 0], [0, 9]]}
            return Case({"text": text, "matrix": [[3, 0], [0, 3]]}, answer)
        case "NodeSlug":
            return Case({"title": text}, {"title": text, "slug": f"zoe-{nonce}"})
        case "JavaPoint":
            return Case({"x": 6, "y": 8, "label": text}, {"x": 6, "y": 8, "label": text, "distance": 10})
    raise LookupError(f"{sample} has no case here")


def names() -> list[str]:
    """Every bundled sample."""
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
