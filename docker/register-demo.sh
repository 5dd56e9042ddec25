#!/bin/sh
# Register the demonstration's client at the identity provider, for the credential the enrolment made.
set -eu

credential=$(cat /enrolment/credential-id)
exec python -m idp clients add mot-cua-mau --replace --name "Một cửa MẪU" --scope sign \
    --resource "$ANTIN_RESOURCE" --credential "$credential" --jwks /etc/antin/client.public.jwk
