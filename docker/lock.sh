#!/bin/sh
# Pin, with hashes, what each image holds: the same versions as requirements.lock, but only those it needs.
set -eu

cd "$(dirname "$0")/.."
for list in docker/requirements/*.in; do
    .venv/bin/uv pip compile --quiet --no-header --generate-hashes --python-version 3.11 \
        --constraints requirements.lock "$list" -o "${list%.in}.lock"
done
