#!/usr/bin/env bash
# Makes a Docker engine answer: the one that DOCKER_HOST names, else the local one, which is started, and installed
# first if need be (Debian's docker.io). Also keeps link-local addresses (cloud metadata) away from functions, by one
# iptables rule. With WF_NO_INSTALL=1 it changes nothing and says what is missing. Exit 0: an engine answers.
# With the argument `metadata` it only sets the rule, or says why it does not.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/say.sh
source "$here/say.sh"
# shellcheck source=scripts/privilege.sh
source "$here/privilege.sh"

default_host=unix:///var/run/docker.sock
host="${DOCKER_HOST:-$default_host}"
log=/var/log/dockerd.log
function_bridge=wf-fn
start_limit=60 # seconds
firewall_limit=10 # seconds that iptables waits for another program that holds its lock

engine_answers() {
    case "$host" in
    unix://*) ping_engine --unix-socket "${host#unix://}" http://localhost/_ping ;;
    tcp://* | http://*) ping_tcp "${host#*://}" ;;
    *) docker version >/dev/null 2>&1 ;; # ssh and the like: only a client knows how
    esac
}

# ping_engine CURL_ARGUMENT...: /_ping needs no client and has no version to disagree about
ping_engine() {
    if command -v curl >/dev/null; then
        [[ $(curl --silent --fail --max-time 5 --noproxy '*' "$@" 2>/dev/null) == OK ]]
    else
        docker version >/dev/null 2>&1
    fi
}

ping_tcp() {
    if [[ -z ${DOCKER_TLS_VERIFY:-} ]]; then
        ping_engine "http://$1/_ping"
        return
    fi
    local certs="${DOCKER_CERT_PATH:-$HOME/.docker}"
    ping_engine --cacert "$certs/ca.pem" --cert "$certs/cert.pem" --key "$certs/key.pem" "https://$1/_ping"
}

# What cannot be helped by starting or installing anything here.
refuse_hopeless() {
    [[ $host == "$default_host" ]] ||
        fail "DOCKER_HOST=$host does not answer. Start that engine, or unset DOCKER_HOST to use the local one."
    refuse_forbidden_socket
    [[ $(uname -s) == Linux ]] || fail "no engine answers. Please start Docker (Docker Desktop, Colima, ...)."
}

refuse_forbidden_socket() {
    local socket="${host#unix://}"
    if [[ -S $socket && ! -w $socket ]]; then
        fail "this user may not use $socket: 'usermod -aG docker $(id -un)' as root, log in again."
    fi
}

install_engine() {
    local packages=(docker.io iptables)
    # Newer Debian has the client in a package of its own.
    if apt-cache show docker-cli >/dev/null 2>&1; then packages+=(docker-cli); fi
    apt_install "${packages[@]}"
}

start_engine() {
    refuse_if_no_install "start the Docker engine (systemctl start docker, or dockerd as root)"
    require_root "start the Docker engine (systemctl start docker, or dockerd)"
    if [[ -d /run/systemd/system ]]; then
        say "starting the engine (systemctl start docker)"
        as_root systemctl start docker
    elif [[ $(program_of_pid_file /var/run/docker.pid) == dockerd ]]; then
        say "dockerd is running but does not answer yet"
    else
        start_dockerd
    fi
}

start_dockerd() {
    remove_stale_pid_file /var/run/docker.pid dockerd
    remove_stale_pid_file /var/run/docker/containerd/containerd.pid containerd
    say "starting dockerd in a session of its own, log in $log"
    as_root bash -c "cd / && exec setsid --fork dockerd >>'$log' 2>&1 </dev/null"
}

# A killed dockerd leaves its pid files; the number may by now be another program's, and then dockerd refuses to start.
remove_stale_pid_file() {
    local file="$1" program="$2"
    if [[ -e $file && $(program_of_pid_file "$file") != "$program" ]]; then
        say "removing $file, which a killed $program left behind"
        as_root rm -f "$file"
    fi
}

# The living program of a pid file, or nothing. Where nobody reaps orphans, a killed one stays as a zombie.
program_of_pid_file() {
    local pid=none program=none state=Z
    if [[ -r $1 ]]; then pid="$(<"$1")"; fi
    if [[ -r /proc/$pid/stat ]]; then read -r _ program state _ <"/proc/$pid/stat"; fi
    if [[ $state != Z ]]; then tr -d '()' <<<"$program"; fi
}

wait_for_engine() {
    local deadline=$((SECONDS + start_limit))
    until engine_answers; do
        refuse_forbidden_socket
        if ((SECONDS >= deadline)); then
            as_root tail -n 20 "$log" >&2 || true
            fail "the engine did not answer within $start_limit s; above is the end of $log"
        fi
        sleep 0.2
    done
}

# Cloud machines hand out credentials at 169.254.169.254; functions have no business there.
protect_metadata() {
    local rule=(PREROUTING -i "$function_bridge" -d 169.254.0.0/16 -j DROP)
    local command="iptables -t raw -I ${rule[*]}"
    if [[ $host != unix://* ]]; then
        say "the engine is not local: on its machine, as root, please run: $command"
    elif ! is_root || ! command -v iptables >/dev/null; then
        say "link-local addresses stay open to functions (needs root and iptables): $command"
    elif iptables -w "$firewall_limit" -t raw -C "${rule[@]}" 2>/dev/null; then
        say "link-local addresses are closed to functions already"
    elif [[ ${WF_NO_INSTALL:-} == 1 ]]; then
        say "WF_NO_INSTALL=1: link-local addresses stay open to functions: $command"
    elif iptables -w "$firewall_limit" -t raw -I "${rule[@]}"; then
        say "closed link-local addresses to functions ($command)"
    else
        say "could not close link-local addresses to functions ($command)"
    fi
}

main() {
    if engine_answers; then
        say "an engine answers already at $host"
    else
        refuse_hopeless
        command -v dockerd >/dev/null || install_engine
        engine_answers || start_engine # installing may have started it
        wait_for_engine
        say "the engine answers at $host"
    fi
    protect_metadata
}

if [[ ${1:-} == metadata ]]; then protect_metadata; else main; fi
