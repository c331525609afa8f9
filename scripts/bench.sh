#!/usr/bin/env bash
# Ratios between ours and the plain way, measured in turn in one run.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/venv.sh requirements-dev.txt
scripts/engine.sh
listed="$(.venv/bin/python -m runtimes python3.7 node12 java8)"
mapfile -t images <<<"$listed"
scripts/bases/ensure.sh "${images[@]}"
.venv/bin/python -m benchmarks.oneshot "$@"
exec .venv/bin/python -m benchmarks.warm "$@"
