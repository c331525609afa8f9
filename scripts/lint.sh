#!/usr/bin/env bash
# Form, types and the direction of imports; the Python agent is held to the oldest Python that it runs on.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/venv.sh requirements-dev.txt
.venv/bin/ruff format --check .
.venv/bin/ruff check .
.venv/bin/ruff check --target-version py37 runtimes/python/agent
.venv/bin/mypy
.venv/bin/lint-imports
