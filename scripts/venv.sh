#!/usr/bin/env bash
# Makes .venv with the packages of a requirements file (argument); does nothing when it has them already.
# Needs Python 3.11 or newer; on Debian its venv module is installed when missing, unless WF_NO_INSTALL=1.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/say.sh
source "$here/say.sh"
# shellcheck source=scripts/privilege.sh
source "$here/privilege.sh"
cd "$here/.."

requirements="${1:?usage: venv.sh REQUIREMENTS_FILE}"
stamp=.venv/has

find_python() {
    for candidate in python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed; this machine has none on its PATH."
}

# The content that .venv was made from: development's packages include those of the run.
wanted() {
    cat requirements.txt "$requirements" pyproject.toml
}

has_wanted() {
    [[ -f $stamp-$requirements ]] && wanted | cmp --silent - "$stamp-$requirements"
}

make_environment() {
    .venv/bin/python -m pip --version >/dev/null 2>&1 && return # without pip it was left half made
    "$1" -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
    say "making the virtual environment .venv"
    "$1" -m venv --clear .venv
}

if has_wanted; then
    exit 0
fi
python="$(find_python)"
make_environment "$python"
say "installing $requirements into .venv"
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
wanted >"$stamp-$requirements"
if [[ $requirements == requirements-dev.txt ]]; then
    requirements=requirements.txt
    wanted >"$stamp-$requirements"
fi
