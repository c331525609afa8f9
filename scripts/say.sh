# shellcheck shell=bash
# How every set-up script speaks: progress on stderr, one line a step, so that stdout stays free for results.
# Sourced, never run; the caller's name is the prefix.

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

fail() {
    say "$@"
    exit 1
}
