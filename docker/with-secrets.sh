#!/bin/sh
# Start a command with those secrets in its environment that are named like a variable (PGPASSWORD,
# IDP_REDIS_URL, …): for what libraries and settings read from there only. They stand neither in the image
# nor in the container's description. Secrets named like a file (pin, …) stay files.
set -eu

for file in /run/secrets/[A-Z]*; do
    [ -f "$file" ] || continue
    name=${file##*/}
    case "$name" in *[!A-Z0-9_]*) continue ;; esac
    value=$(cat "$file")
    export "$name=$value"
done
exec "$@"
