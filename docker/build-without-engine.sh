#!/bin/sh
# Build the images on Debian without a Docker engine: buildah with plain directories and chroot, on a base
# made from Debian's packages. Needs root. What is built is what `docker build` builds, from the same files.
#
#   docker/build-without-engine.sh [hsm idp signsvc verify desk devca gateway]
#
# STORAGE_DRIVER=overlay is faster and smaller where the kernel allows it. pip's own configuration of this machine (mirror, authority) reaches the build as a secret.
set -eu

cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- hsm idp signsvc verify desk devca gateway
: "${ANTIN_VERSION:=0.1.0}"
export BUILDAH_ISOLATION=chroot
buildah() { command buildah --storage-driver "${STORAGE_DRIVER:-vfs}" "$@"; }
base=localhost/antin-base:bookworm

if ! command -v buildah >/dev/null || ! command -v mmdebstrap >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends buildah mmdebstrap >/dev/null
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
    echo "Base: Debian bookworm by mmdebstrap"
    # As Debian's own slim image: no manuals, no package caches.
    mmdebstrap --quiet --variant=minbase --mode=root \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --aptopt='Dir::Cache::pkgcache ""' --aptopt='Dir::Cache::srcpkgcache ""' \
        --aptopt='DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; }' \
        bookworm "$work/base.tar"
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$work/base.tar" / >/dev/null
    buildah commit --quiet --rm "$container" "$base" >/dev/null
fi

setting() { pip config list 2>/dev/null | sed -n "s/^[^=]*[.]$1='\(.*\)'\$/\1/p" | head -n 1; }
{
    echo '[global]'
    for name in index-url extra-index-url trusted-host proxy timeout; do
        value=$(setting "$name")
        [ -z "$value" ] || echo "$name = $value"
    done
    [ -z "$(setting cert)" ] || echo 'cert = /run/secrets/pip-ca.pem'
} >"$work/pip.conf"
authority=$(setting cert)
[ -n "$authority" ] || authority=/etc/ssl/certs/ca-certificates.crt

for name in "$@"; do
    echo "Image: antin/$name"
    if ! buildah build --quiet --format docker --build-arg "BASE=$base" \
        --ignorefile docker/.dockerignore \
        --secret "id=pip.conf,src=$work/pip.conf" --secret "id=pip-ca.pem,src=$authority" \
        --tag "antin/$name:$ANTIN_VERSION" --file "docker/$name.Dockerfile" . >"$work/$name.log" 2>&1; then
        cat "$work/$name.log" >&2
        exit 1
    fi
done
buildah images --format '{{.Name}}:{{.Tag}}  {{.Size}}' | grep antin
