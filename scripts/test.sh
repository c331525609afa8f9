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
if [[ $# -eq 0 ]]; then
    postgres="$(scripts/postgres.sh)"
    DATABASE_URL="$postgres" .venv/bin/python -m pytest -q tests/functions tests/races
fi
.venv/bin/python -m pytest "$@"
