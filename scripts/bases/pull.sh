# shellcheck shell=bash
# Pulling with patience for a slow registry but none for one that is not there: the verdict "no registry" holds for
# the rest of the run. Sourced after say.sh, never run.

registry_limit=10 # seconds until the first sign that a registry answers
registry_answers=unknown

# pull IMAGE: true when it was pulled
pull() {
    [[ $registry_answers != no ]] || return 1
    say "$1: pulling"
    local output status=0
    output="$(mktemp)"
    docker pull "$1" >"$output" 2>&1 &
    wait_for_registry $! "$output"
    wait $! || status=$?
    if ((status)); then explain_failed_pull "$1" "$output"; fi
    rm -f "$output"
    return "$status"
}

# wait_for_registry PID OUTPUT: until it answers or the pull ends; else the pull is ended
wait_for_registry() {
    local deadline=$((SECONDS + registry_limit))
    while kill -0 "$1" 2>/dev/null && ! grep -q 'Pulling' "$2"; do
        if ((SECONDS >= deadline)); then
            kill "$1"
            echo "no answer within $registry_limit s" >>"$2"
            return
        fi
        sleep 0.1
    done
}

explain_failed_pull() {
    if grep -qiE 'Pulling|manifest|not found|denied|unauthorized|toomanyrequests' "$2"; then
        say "$1: the registry answers but does not give it: $(tail -n 1 "$2")"
    else
        registry_answers=no
        say "$1: no image registry answers: $(tail -n 1 "$2")"
    fi
}
