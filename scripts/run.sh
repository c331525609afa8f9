#!/usr/bin/env bash
# Sets up what is missing, starts the worker with its task cluster on 127.0.0.1:$PORT (8222), runs one sample for each
# language and goes on serving. ONCE=1: stops after the answers; the exit status is 1 when a sample failed.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/venv.sh requirements.txt
scripts/engine.sh
listed="$(.venv/bin/python -m runtimes python3.7 node12 java8)"
mapfile -t images <<<"$listed"
scripts/bases/ensure.sh "${images[@]}"
exec .venv/bin/python scripts/showcase.py "${PORT:-8222}" ${ONCE:+--once}
