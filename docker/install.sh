#!/bin/sh
# Install what this machine lacks: Debian packages named in the file(s), then the Python packages of the
# hash-pinned lock into .venv. Safe to repeat: it installs nothing that is there.
#
#   docker/install.sh run          what `make run` needs
#   docker/install.sh run test     what `make test` needs
set -eu

cd "$(dirname "$0")/.."

missing=""
for list in "$@"; do
    while read -r package why; do
        case "$package" in ''|'#'*) continue ;; esac
        : "$why"
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done < "docker/packages-$list.txt"
done

if [ -n "$missing" ]; then
    if [ "$(id -u)" -eq 0 ]; then as_root=""; else as_root="sudo"; fi
    echo "Cài gói Debian còn thiếu / Installing missing Debian packages:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # Fresh servers of the distribution must not start by themselves: ours run on ports of their own.
    # shellcheck disable=SC2086 -- words are wanted
    $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 || {
        $as_root apt-get update -qq
        $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
    }
fi

python=""
for candidate in python3.11 python3.12 python3.13 python3; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python="$candidate"
        break
    fi
done
if [ -z "$python" ]; then
    echo "Cần Python 3.11 trở lên, có venv / Python 3.11 or later with venv is needed" >&2
    exit 1
fi

stamp=.venv/.installed-from
lock=$(cat requirements.lock clients/sdk/pyproject.toml clients/devca/pyproject.toml clients/witness/pyproject.toml clients/upstreams/pyproject.toml clients/desk/pyproject.toml clients/verify/pyproject.toml | sha256sum | cut -d' ' -f1)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$lock" ]; then
    echo "Cài gói Python theo requirements.lock / Installing the locked Python packages"
    "$python" -m venv .venv
    # The lock names every package there is to install, so pip resolves nothing (--no-deps): it would refuse
    # a requirement with an extra, which no lock can pin by that name.
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
    # The project and its separate programs, editable; their dependencies are in the lock already.
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
        -e . -e clients/sdk -e clients/devca -e clients/witness -e clients/upstreams -e clients/desk -e clients/verify
    echo "$lock" > "$stamp"
fi
