# shellcheck shell=bash
# The node family: npm's packages node-linux-* carry the real binary, npm itself is one too. Fills the build context of
# node.Dockerfile. Sourced by ensure.sh, never run.

node_root() { interpreter_root; }

node_stage() {
    local tree="$2/tree/usr/local"
    command -v npm >/dev/null || apt_install npm
    mkdir -p "$tree/bin" "$tree/lib/node_modules"
    unpack_npm "node-linux-$(node_machine)@$1" "$2/node"
    install -m 755 "$2/node/bin/node" "$tree/bin/node"
    unpack_npm "npm@$(npm_of_node "${1%%.*}")" "$tree/lib/node_modules/npm"
    rm -rf "$2/node" "$tree"/lib/node_modules/npm/{docs,man,html,changelogs}
    for program in npm npx; do
        chmod 755 "$tree/lib/node_modules/npm/bin/$program-cli.js"
        ln -s "../lib/node_modules/npm/bin/$program-cli.js" "$tree/bin/$program"
    done
}

# unpack_npm PACKAGE FOLDER: the newest that matches
unpack_npm() (
    say "fetching $1 (npm)"
    mkdir -p "$2"
    cd "$2" || exit
    npm pack --silent "$1" >/dev/null
    tar -x --strip-components=1 --no-same-owner -f ./*.tgz
    rm ./*.tgz
)

node_machine() {
    case "$(uname -m)" in
    x86_64) echo x64 ;;
    aarch64) echo arm64 ;;
    *) fail "npm has no node for $(uname -m)" ;;
    esac
}

# The major version of npm that a major version of node comes with.
npm_of_node() {
    if (($1 <= 14)); then
        echo 6
    elif (($1 <= 16)); then
        echo 8
    elif (($1 <= 22)); then
        echo 10
    else
        echo 11
    fi
}

node_version_prefix() { echo "$1"; }

node_version() { in_image "$1" node --print process.versions.node; }
