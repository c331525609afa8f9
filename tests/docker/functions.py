"""Small function packages for these tests."""

from __future__ import annotations

import json
from typing import Any

Files = dict[str, str | bytes]


def python(body: str, runtime: str = "python3.12", **config: Any) -> Files:
    """A handler with this body; `event` is there."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    source = f"import os, socket, sys, time\n\n\ndef lambda_handler(event, context):\n{lines}\n"
    return {"config.json": json.dumps({"environment": runtime, **config}), "main.py": source}


def node(body: str, runtime: str = "node12", **config: Any) -> Files:
    """An async handler with this body; `event` is there."""
    source = f"exports.handle = async (event) => {{ {body} }};\n"
    return {"config.json": json.dumps({"environment": runtime, **config}), "index.js": source}


def java(body: str, runtime: str = "java8", **config: Any) -> Files:
    """A static handler with this body; `event` is there."""
    method = f"public static Object lambda_handler(Map<String, Object> event) throws Exception {{ {body} }}"
    source = f"package main;\nimport java.util.*;\npublic class Main {{\n{method}\n}}\n"
    return {"config.json": json.dumps({"environment": runtime, **config}), "main/Main.java": source}
