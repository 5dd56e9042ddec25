#!/bin/sh
# Make the demonstration's secrets in run/docker/secrets, once; what exists is kept. Needs openssl only.
#
# Compose mounts each file by itself into the services that name it, where another user must read it: so
# the files are readable, and the folder, which is this user's alone, keeps others out.
set -eu

cd "$(dirname "$0")/.."
folder=${1:-run/docker/secrets}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"
umask 077

base64url() { base64 | tr -d '=\n' | tr '/+' '_-'; }

keep() { # NAME: standard input becomes this file, whole, unless it is there
    if [ -s "$1" ]; then
        cat >/dev/null
    else
        cat >"$1.new"
        chmod 444 "$1.new"
        mv "$1.new" "$1"
    fi
}

for name in pin so-pin postgres-password hsm-password idp-password signsvc-password desk-password \
    redis-idp-password redis-signsvc-password redis-desk-password; do
    openssl rand -hex 16 | tr -d '\n' | keep "$name"
done

openssl rand -hex 32 | keep idp-cookie-keys
{ openssl rand -base64 32; openssl rand -base64 32; } | keep idp-directory-keys

printf 'redis://idp:%s@redis:6379/0' "$(cat redis-idp-password)" | keep idp-redis-url
printf 'redis://signsvc:%s@redis:6379/1' "$(cat redis-signsvc-password)" | keep signsvc-redis-url
printf 'redis://desk:%s@redis:6379/2' "$(cat redis-desk-password)" | keep desk-redis-url
keep users.acl <<ACL
user default off
user health on nopass -@all +ping
user idp on >$(cat redis-idp-password) ~idp:* -@all +@read +@write +@connection +@transaction +@scripting -@dangerous
user signsvc on >$(cat redis-signsvc-password) ~LIMITS* ~signsvc:* -@all +@read +@write +@connection +@transaction +@scripting -@dangerous
user desk on >$(cat redis-desk-password) ~desk:* -@all +@read +@write +@connection +@transaction -@dangerous
ACL

# P-256 keys as JWK. In SEC 1's DER the private number is at byte 7, the point (x, y) at byte 57.
for name in admin-1 admin-2 client desk; do
    [ -s "$name.jwk" ] && [ -s "$name.public.jwk" ] && continue
    rm -f "$name.jwk" "$name.public.jwk"
    openssl ecparam -name prime256v1 -genkey -noout -outform DER >key.der
    d=$(tail -c +8 key.der | head -c 32 | base64url)
    x=$(tail -c +58 key.der | head -c 32 | base64url)
    y=$(tail -c +90 key.der | head -c 32 | base64url)
    rm key.der
    printf '{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}' "$x" "$y" | keep "$name.public.jwk"
    printf '{"kty":"EC","crv":"P-256","x":"%s","y":"%s","d":"%s"}' "$x" "$y" "$d" | keep "$name.jwk"
done

if [ ! -s gateway.pem ] || [ ! -s gateway.key ]; then
    rm -f gateway.pem gateway.key
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
        -subj '/CN=An Tin MAU gateway' \
        -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -addext 'keyUsage=critical,digitalSignature,keyCertSign' -addext 'extendedKeyUsage=serverAuth' \
        -keyout gateway.key -out gateway.pem 2>/dev/null
    chmod 444 gateway.key gateway.pem
fi
