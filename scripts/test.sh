#!/usr/bin/env bash
# All tests on real parts: what touches the database on PostgreSQL, then all on SQLite, then what needs the engine.
# Arguments go to one run of pytest instead.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/venv.sh requirements-dev.txt
scripts/engine.sh
listed="$(.venv/bin/python -m runtimes)"
mapfile -t images <<<"$listed"
scripts/bases/ensure.sh "${images[@]}"
if [[ $# -gt 0 ]]; then
    exec .venv/bin/python -m pytest "$@"
fi
# Two at once where nothing but the processor is shared; the engine's tests in turn, for it gets little faster.
postgres="$(scripts/postgres.sh)"
rings=(tests/races tests/functions/{models,build,pool,invoke,upkeep,api,admin} tests/functions/test_*.py)
DATABASE_URL="$postgres" .venv/bin/python -m pytest -q -n 2 --dist loadgroup "${rings[@]}"
.venv/bin/python -m pytest -q -n 2 --dist loadgroup tests/functions tests/races tests/runtimes tests/workerfront
.venv/bin/python -m pytest --durations=25 tests/contract tests/docker tests/faults tests/plugins tests/samples
