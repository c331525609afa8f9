# shellcheck shell=bash
# The openjdk family: Debian's own packages, 17 from bookworm, the others from sid. The build context of
# openjdk.Dockerfile is empty. Sourced by ensure.sh, never run.

openjdk_root() {
    local suite=sid
    if [[ $1 == 17 ]]; then suite=bookworm; fi
    root_image "$suite" "openjdk-$1-jdk-headless"
}

openjdk_stage() { :; }

# 8 calls itself 1.8.
openjdk_version_prefix() {
    if [[ $1 == 8 ]]; then echo 1.8; else echo "$1"; fi
}

openjdk_version() { in_image "$1" javac -version | awk '/^javac /{print $2}'; }
