#!/usr/bin/env bash
# Makes a PostgreSQL for the tests answer and prints its DATABASE_URL, the only line on stdout. WF_TEST_DATABASE_URL,
# when set, is that line. Else Debian's cluster on this machine: installed, started, given the role and the database
# workerfront, each only if missing. With WF_NO_INSTALL=1 it changes nothing and says what is missing.
set -euo pipefail
shopt -s inherit_errexit

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/say.sh
source "$here/say.sh"
# shellcheck source=scripts/privilege.sh
source "$here/privilege.sh"

name=workerfront # the role, its password and the database: a cluster for tests, reached from this machine only
start_limit=30   # seconds

url() { echo "postgres://$name:$name@127.0.0.1:$1/$name"; }

answers() { PGCONNECT_TIMEOUT=5 psql --no-psqlrc --quiet "$1" --command 'SELECT 1' >/dev/null 2>&1; }

# newest_cluster: "VERSION NAME PORT STATUS", or nothing
newest_cluster() {
    if command -v pg_lsclusters >/dev/null; then
        pg_lsclusters --no-header | sort -V | tail -n 1 | awk '{print $1, $2, $3, $4}'
    fi
}

create_cluster() {
    local version
    version="$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -n 1)"
    say "creating the cluster $version/main"
    as_root pg_createcluster "$version" main >&2
}

start_cluster() {
    say "starting the cluster $1/$2"
    # More than the default, as each of two test processes may have fifty threads at the database.
    as_root pg_ctlcluster "$1" "$2" start -o "-c max_connections=300" >&2
    local deadline=$((SECONDS + start_limit))
    until pg_isready --quiet --host 127.0.0.1 --port "$3"; do
        ((SECONDS < deadline)) || fail "cluster $1/$2 does not answer on port $3; see pg_lsclusters for its log"
        sleep 0.2
    done
}

# create_role_and_database PORT: "if missing" is not in PostgreSQL's own CREATE, hence \gexec
create_role_and_database() {
    say "making sure of the role and the database $name"
    as_root runuser -u postgres -- \
        psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set name="$name" --port "$1" >&2 <<'SQL'
SELECT format('CREATE ROLE %I LOGIN CREATEDB PASSWORD %L', :'name', :'name')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
SQL
}

main() {
    cd / # the user postgres may not read the caller's folder
    if [[ -n ${WF_TEST_DATABASE_URL:-} ]]; then
        echo "$WF_TEST_DATABASE_URL"
        return
    fi
    local version cluster port status
    read -r version cluster port status <<<"$(newest_cluster)"
    if [[ $status == online* ]] && answers "$(url "$port")"; then
        say "PostgreSQL $version answers already"
        url "$port"
        return
    fi
    refuse_if_no_install "set WF_TEST_DATABASE_URL, or install and start postgresql and create role and database $name"
    set_up
}

set_up() {
    require_root "install and start PostgreSQL, or set WF_TEST_DATABASE_URL"
    local version cluster port status
    [[ -d /usr/lib/postgresql ]] || apt_install postgresql
    [[ -n $(newest_cluster) ]] || create_cluster
    read -r version cluster port status <<<"$(newest_cluster)"
    [[ $status == online* ]] || start_cluster "$version" "$cluster" "$port"
    create_role_and_database "$port"
    answers "$(url "$port")" || fail "$(url "$port") does not answer; has the role $name another password?"
    say "PostgreSQL $version answers on port $port"
    url "$port"
}

main "$@"
