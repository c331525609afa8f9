#!/usr/bin/env bash
# Makes base images available: bases/ensure.sh python:3.7-slim node:12-slim openjdk:8-jdk-slim ...
# For each: there already, else pulled (giving up soon where no registry answers), else built from package registries
# by its family: FAMILY.sh fills the build context of FAMILY.Dockerfile. With WF_NO_INSTALL=1 nothing is built.
set -euo pipefail
shopt -s inherit_errexit
umask 022 # the files of an image are for everyone

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/say.sh
source "$here/../say.sh"
# shellcheck source=scripts/privilege.sh
source "$here/../privilege.sh"
# shellcheck source=scripts/bases/pull.sh
source "$here/pull.sh"
# shellcheck source=scripts/bases/rootfs.sh
source "$here/rootfs.sh"
# Each family has: FAMILY_root, FAMILY_stage and FAMILY_version_prefix of a version, FAMILY_version of an image.
# shellcheck source=scripts/bases/python.sh
source "$here/python.sh"
# shellcheck source=scripts/bases/node.sh
source "$here/node.sh"
# shellcheck source=scripts/bases/openjdk.sh
source "$here/openjdk.sh"

stage="" # the build context of the image being built

main() {
    (($#)) || fail "which images? For example: $0 python:3.7-slim node:12-slim openjdk:8-jdk-slim"
    require_engine
    take_lock
    trap 'rm -rf "$stage"' EXIT
    for image in "$@"; do ensure "$image"; done
}

require_engine() {
    command -v docker >/dev/null || fail "there is no docker client; please install one (Debian: docker.io)"
    docker version >/dev/null 2>&1 || fail "no Docker engine answers; please run $(dirname "$here")/engine.sh first"
}

# One run at a time for a cache: the second one finds what the first has made.
take_lock() {
    mkdir -p "$bases_cache"
    exec {lock}>"$bases_cache/lock"
    flock "$lock"
}

ensure() {
    if docker image inspect "$1" >/dev/null 2>&1; then
        say "$1: there already"
    else
        pull "$1" || build "$1"
        check_version "$1"
    fi
}

build() {
    local image="$1" family="${1%%:*}" version root
    version="$(version_in_tag "$image")"
    if ! declare -F "${family}_stage" >/dev/null || [[ $version != [0-9]* ]]; then
        fail "$image cannot be built here. Let the engine reach its registry, or bring it with 'docker load'."
    fi
    refuse_if_no_install "docker pull $image"
    say "$image: building from package registries"
    root="$("${family}_root" "$version")"
    stage="$(mktemp -d)"
    "${family}_stage" "$version" "$stage"
    build_image "$image" "$here/$family.Dockerfile" --build-arg "ROOT=$root" --build-arg "VERSION=$version"
    rm -rf "$stage"
}

# build_image IMAGE DOCKERFILE ARGUMENT...: with the classic builder, the one that every engine has
build_image() {
    local image="$1" dockerfile="$2"
    shift 2
    DOCKER_BUILDKIT=0 docker build --file "$dockerfile" --tag "$image" "$@" "$stage" >"$stage.log" 2>&1 || {
        tail -n 30 "$stage.log" >&2
        fail "$image: the build failed; above is the end of $stage.log"
    }
    rm -f "$stage.log"
}

# python:3.7-slim -> 3.7
version_in_tag() {
    local tag="${1#*:}"
    echo "${tag%%-*}"
}

# An image with the wrong program under the right name would be found out much later, so it does not keep its name.
check_version() {
    local image="$1" family="${1%%:*}" found prefix
    declare -F "${family}_version" >/dev/null || return 0 # pulled, and not of a family that we know
    prefix="$("${family}_version_prefix" "$(version_in_tag "$image")")"
    found="$("${family}_version" "$image")"
    if [[ $found != "$prefix" && $found != "$prefix"[._+-]* ]]; then
        docker image rm "$image" >/dev/null
        fail "$image holds version $found, not $prefix; removed"
    fi
    say "$image: ready, version $found"
}

# in_image IMAGE COMMAND...: what the image itself says
in_image() { docker run --rm --network none "$@" 2>&1; }

main "$@"
