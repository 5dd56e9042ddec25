#!/bin/sh
# Register the demonstration's clients at the identity provider: the one-stop system, for the credential that
# the enrolment made, and the desk.
set -eu

credential=$(cat /enrolment/credential-id)
python -m idp clients add mot-cua-mau --replace --name "Một cửa MẪU" --scope sign \
    --resource "$ANTIN_RESOURCE" --credential "$credential" --jwks /etc/antin/client.public.jwk

# No back-channel logout: on one host the desk's public name means another machine inside each container.
cat >/tmp/desk.json <<JSON
{"profile": "fapi2", "first_party": true, "subject_type": "public",
 "grant_types": ["authorization_code", "refresh_token"],
 "redirect_uris": ["$ANTIN_DESK/callback", "$ANTIN_DESK/approved"],
 "post_logout_redirect_uris": ["$ANTIN_DESK/logged-out"]}
JSON
exec python -m idp clients add ban-ky-so --replace --name "Bàn ký số MẪU" \
    --scope openid --scope profile --scope sign --scope service --scope credential \
    --resource "$ANTIN_RESOURCE" --jwks /etc/antin/desk.public.jwk --metadata /tmp/desk.json
