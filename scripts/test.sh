#!/usr/bin/env bash
# All tests on real parts: the rings that touch the database on PostgreSQL first, then everything on SQLite.
# Arguments go to the second run of pytest; with arguments, only that one is made.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/venv.sh requirements-dev.txt
scripts/engine.sh
listed="$(.venv/bin/python -m runtimes)"
mapfile -t images <<<"$listed"
scripts/bases/ensure.sh "${images[@]}"
# Two at once: most of the time is the engine's. What shares a worker stays together (tests/conftest.py).
at_once=(-n 2 --dist loadgroup)
if [[ $# -eq 0 ]]; then
    postgres="$(scripts/postgres.sh)"
    rings=(tests/races tests/functions/{models,build,pool,invoke,upkeep,api,admin} tests/functions/test_*.py)
    DATABASE_URL="$postgres" .venv/bin/python -m pytest -q "${at_once[@]}" "${rings[@]}"
fi
.venv/bin/python -m pytest "${at_once[@]}" "$@"
