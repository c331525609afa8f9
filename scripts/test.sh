#!/usr/bin/env bash
# All tests on real parts. The engine's tests mostly wait; beside them run those that need a processor: on SQLite all
# that need no engine, on PostgreSQL what touches the database. Arguments go to one run of pytest instead.
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
postgres="$(scripts/postgres.sh)"
log="$(mktemp)"
trap finish EXIT

# What ran beside ends with us, and what it had to say is said.
finish() {
    [[ -z ${beside:-} ]] || kill -- "-$beside" 2>/dev/null || true
    cat "$log"
    rm -f "$log"
}

# ring WORD... : its tests in two processes, in the order of the words, as the longest are to begin first
ring() { .venv/bin/python -m pytest -n 2 --no-loadscope-reorder --durations=10 "$@"; }

without_engine() {
    local status=0
    ring -q tests/runtimes tests/races tests/workerfront tests/functions || status=$?
    DATABASE_URL="$postgres" ring -q tests/races tests/functions/{models,build,pool,invoke,upkeep,api,admin} \
        tests/functions/test_*.py || status=$?
    return "$status"
}

set -m # a process group of its own
without_engine >"$log" 2>&1 &
beside=$!
set +m
status=0
ring tests/contract tests/faults tests/docker tests/samples tests/plugins || status=$?
wait "$beside" || status=$?
beside=
exit "$status"
