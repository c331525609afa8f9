# shellcheck shell=bash
# Everything that changes the machine goes through here: becoming root, and installing Debian packages.
# Owns the rule of WF_NO_INSTALL=1 (say what is missing, touch nothing). Sourced after say.sh, never run.

[[ ${WF_NO_INSTALL:-} =~ ^([Tt][Rr][Uu][Ee]|1)$ ]] && export WF_NO_INSTALL=1
PATH="$PATH:/usr/sbin:/sbin" # a plain user's PATH lacks the folders of dockerd, iptables and runuser

is_root() { [[ $(id -u) -eq 0 ]]; }

may_become_root() { is_root || sudo -n true 2>/dev/null; }

as_root() {
    if is_root; then "$@"; else sudo -n "$@"; fi
}

# refuse_if_no_install WHAT: for a step that would change the machine
refuse_if_no_install() {
    [[ ${WF_NO_INSTALL:-} != 1 ]] || fail "WF_NO_INSTALL=1, so nothing is changed. Please do this yourself: $1"
}

require_root() {
    may_become_root || fail "root is needed and 'sudo -n' does not work here. As root, please: $1"
}

# apt_install PACKAGE...: installs them, or says exactly what to install
apt_install() {
    refuse_if_no_install "apt-get install $*"
    command -v apt-get >/dev/null || fail "there is no apt-get here. With this system's own means, please install: $*"
    require_root "apt-get install $*"
    say "installing $* (apt-get)"
    apt_get update && apt_get install --no-install-recommends "$@"
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@" >/dev/null
}
