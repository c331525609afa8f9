# shellcheck shell=bash
# The python family: a CPython that pyenv has built on this machine, else, for 3.11, Debian's own. Fills the build
# context of python.Dockerfile. Sourced by ensure.sh, never run.

python_root() {
    if [[ -n $(pyenv_tree "$1") ]]; then
        interpreter_root
    elif [[ $1 == 3.11 ]]; then
        root_image bookworm python3 python3-pip
    else
        fail "python $1: please build one with pyenv ('pyenv install $1'), or let the engine reach an image registry"
    fi
}

python_stage() {
    local tree
    tree="$(pyenv_tree "$1")"
    mkdir -p "$2/tree/usr/local/bin" "$2/tree/etc"
    if [[ -n $tree ]]; then
        say "copying $tree"
        copy_python "$tree" "$2/tree/usr/local"
    else
        ln -s /usr/bin/python3 "$2/tree/usr/local/bin/python3"
        ln -s /usr/bin/python3 "$2/tree/usr/local/bin/python"
    fi
    trust_for_pip "$2/tree/etc"
}

# Behind a proxy that opens TLS, pip trusts what this machine trusts; the functions' own connections do not.
trust_for_pip() {
    local authorities="${WF_BUILD_CA_FILE:-${SSL_CERT_FILE:-}}"
    if [[ -f $authorities ]]; then
        install -m 644 "$authorities" "$1/pip-ca.pem"
        printf '[global]\ncert = /etc/pip-ca.pem\n' >"$1/pip.conf"
    fi
}

# Without what is never used in a container, and without site-packages: the scripts there name the old place, and
# packages that someone has added do not belong in a base. pip comes back from its bundled wheel.
copy_python() {
    local skip=(site-packages __pycache__ '*.a' '*/test' '*/tests' idlelib turtledemo tkinter '_tkinter.*')
    local binaries=(python python3 "python$(cut -d. -f1,2 <<<"$(basename "$1")")")
    tar -C "$1" "${skip[@]/#/--exclude=}" -c "${binaries[@]/#/bin/}" lib include | tar -C "$2" -x --no-same-owner
}

# pyenv_tree VERSION: the newest that pyenv has, or nothing. pyenv is often not on the PATH of make or of a service.
pyenv_tree() {
    local pyenv_root="${PYENV_ROOT:-$HOME/.pyenv}"
    if command -v pyenv >/dev/null; then pyenv_root="$(pyenv root)"; fi
    find "$pyenv_root/versions" -mindepth 1 -maxdepth 1 -type d \( -name "$1" -o -name "$1.*" \) 2>/dev/null |
        sort -V | tail -n 1 || true
}

python_version_prefix() { echo "$1"; }

python_version() { in_image "$1" python3 -c 'import platform; print(platform.python_version())'; }
