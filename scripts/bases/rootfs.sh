# shellcheck shell=bash
# Debian root file systems for base images: made with mmdebstrap, kept as tars in the cache folder, imported as images
# of their own so that several base images share one. Sourced after say.sh and privilege.sh, never run.

bases_cache="${WF_BASES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/worker-front/bases}"

# root_image SUITE PACKAGE...: prints the tag of an image that has these packages; makes it if it is not there
root_image() {
    local tag
    tag="workerfront-root:$1-$(echo "$*" | sha256sum | cut -c1-12)" # other packages, another root
    docker image inspect "$tag" >/dev/null 2>&1 || import_root "$tag" "$@"
    echo "$tag"
}

# One for python and node together: what CPython's standard library links with, which is more than node needs.
interpreter_root() {
    root_image bookworm libssl3 libffi8 libsqlite3-0 libbz2-1.0 liblzma5 libreadline8 zlib1g libncursesw6 \
        libexpat1 libuuid1
}

import_root() {
    local tag="$1" tar="$bases_cache/${1#*:}.tar"
    shift
    [[ -s $tar ]] || make_root_tar "$tar" "$@"
    say "importing $tar"
    docker import --change 'LABEL workerfront.role=base' --change 'ENV LANG=C.UTF-8' \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$tar" "$tag" >/dev/null
}

# The folders of the man pages stay, only emptied: the installation scripts of Java packages link into them.
make_root_tar() {
    local tar="$1" suite="$2" packages
    shift 2
    packages="$(IFS=, && echo "ca-certificates,$*")"
    command -v mmdebstrap >/dev/null || apt_install mmdebstrap debian-archive-keyring
    say "making a root file system of Debian $suite with $packages (up to a minute)"
    # shellcheck disable=SC2016 # mmdebstrap's hook has its own $1
    mmdebstrap --quiet --format=tar --variant=minbase --include="$packages" \
        --aptopt='Acquire::Check-Valid-Until "false"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/lib/jvm/*/jmods/*' \
        --customize-hook='rm -rf "$1"/usr/share/man/man*/* "$1"/usr/share/info "$1"/var/log/* "$1"/etc/resolv.conf' \
        "$suite" "$tar.part" >&2
    mv "$tar.part" "$tar"
}
