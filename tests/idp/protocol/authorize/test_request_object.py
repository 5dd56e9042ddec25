"""RFC 9101, FAPI 2.0 Message Signing §5.3.1: what a client signed, and every way to pretend it did."""

import base64
import hmac
from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from idp.errors import IdpError
from idp.protocol.authorize.request_object import verify_request_object
from idp.protocol.client import Client
from idp.protocol.compact_jws import import_public_key
from tests.idp.protocol.authorize.asking import BASELINE, FAPI2, ISSUER, NOW, SOUND, new_client
from tests.idp.provider import AnyHeader

EC = ECKey.generate_key("P-256")
RSA = RSAKey.generate_key(2048)
ED = OKPKey.generate_key("Ed25519")
KEYS: dict[str, Key] = {"ec": EC, "rsa": RSA, "ed": ED}
CLAIMS = {**SOUND, "iss": "one-stop", "aud": ISSUER, "nbf": NOW, "exp": NOW + 300}
HEADER = {"alg": "ES256", "kid": "ec", "typ": "oauth-authz-req+jwt"}


def with_keys(metadata: Any = FAPI2, **changes: Any) -> Client:
    keys = {
        kid: import_public_key(dict(key.as_dict(private=False)) | {"kid": kid}) for kid, key in KEYS.items()
    }
    return new_client(metadata, **({"keys": keys} | changes))


def sign(key: Key = EC, header: dict[str, Any] | None = None, **changes: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    protected = {name: value for name, value in (HEADER | (header or {})).items() if value is not None}
    return jws.serialize_compact(protected, orjson.dumps(claims), key, registry=AnyHeader(protected["alg"]))


def refused(compact: str, client: Client | None = None) -> str:
    with pytest.raises(IdpError) as error:
        verify_request_object(compact, client or with_keys(), ISSUER, NOW)
    return f"{error.value.error}: {error.value.detail}"


@pytest.mark.parametrize(
    ("key", "header"),
    [
        (EC, {}),
        (RSA, {"alg": "PS256", "kid": "rsa"}),
        (ED, {"alg": "EdDSA", "kid": "ed"}),
        (EC, {"kid": None}),
        (EC, {"typ": None}),
        (EC, {"typ": "JWT"}),
    ],
)
def test_what_the_client_signed_is_read(key: Key, header: dict[str, Any]) -> None:
    parameters, jti = verify_request_object(sign(key, header, jti="once"), with_keys(), ISSUER, NOW)
    assert dict(parameters.values) == SOUND
    assert jti == "once"


def test_json_members_become_parameters() -> None:
    claims = {"userinfo": {"name": None}}
    compact = sign(
        max_age=60, claims=claims, resource=["urn:a", "urn:b"], authorization_details=[{"type": "x"}]
    )
    parameters, _ = verify_request_object(compact, with_keys(), ISSUER, NOW)
    assert parameters.get("max_age") == "60"
    assert orjson.loads(parameters.get("claims")) == claims
    assert parameters.resources == ("urn:a", "urn:b")
    assert orjson.loads(parameters.get("authorization_details")) == [{"type": "x"}]


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [ISSUER, "https://other.example"]},
        {"nbf": NOW + 8},
        {"nbf": NOW - 3500, "exp": NOW + 60},
        {"exp": NOW + 3600},
        {"iat": NOW},
    ],
)
def test_times_and_audiences_within_the_profile_are_fine(changes: dict[str, Any]) -> None:
    assert verify_request_object(sign(**changes), with_keys(), ISSUER, NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": None},
        {"aud": "https://other.example"},
        {"aud": f"{ISSUER}/authorize"},
        {"aud": ["https://other.example"]},
        {"iss": "another"},
        {"sub": "one-stop"},
        {"client_id": None},
        {"client_id": "another"},
        {"exp": None},
        {"nbf": None},
        {"exp": NOW - 11},
        {"exp": NOW + 3700},
        {"nbf": NOW + 60},
        {"nbf": NOW - 3700, "exp": NOW - 100 + 3600},
        {"exp": str(NOW + 60)},
        {"exp": True},
        {"iat": NOW + 60},
        {"request": "a.b.c"},
        {"request_uri": "urn:ietf:params:oauth:request_uri:x"},
        {"resource": [1]},
    ],
)
def test_what_is_not_within_the_profile_is_refused(changes: dict[str, Any]) -> None:
    assert refused(sign(**changes)).startswith("invalid_request_object")


def test_a_baseline_client_may_leave_out_the_times_and_sign_with_rs256() -> None:
    client = with_keys(BASELINE)
    compact = sign(RSA, {"alg": "RS256", "kid": "rsa"}, exp=None, nbf=None)
    assert verify_request_object(compact, client, ISSUER, NOW)
    assert refused(compact) == "invalid_request_object: request object: alg"


def test_an_unsigned_request_object_is_refused() -> None:
    def encode(part: Any) -> str:
        return base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode()

    compact = f"{encode({'alg': 'none'})}.{encode(CLAIMS)}."
    assert refused(compact) == "invalid_request_object: request object: none"


def test_alg_none_with_a_signature_is_no_signature() -> None:
    _, payload, signature = sign().split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"ec"}').rstrip(b"=").decode()
    assert refused(f"{none}.{payload}.{signature}").endswith("alg")


def test_a_public_key_is_no_hmac_secret() -> None:
    """RFC 8725 §3.1: HS256 under the client's published RSA key, as PEM and as DER."""
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"rsa"}').rstrip(b"=").decode()
    signed = f"{header}.{sign().split('.')[1]}"
    for secret in (RSA.as_pem(private=False), RSA.as_der(private=False), EC.as_pem(private=False)):
        tag = hmac.digest(secret, signed.encode(), "sha256")
        compact = f"{signed}.{base64.urlsafe_b64encode(tag).rstrip(b'=').decode()}"
        assert refused(compact, with_keys(BASELINE)).endswith("alg")


def test_a_key_that_the_message_brings_itself_is_not_used() -> None:
    attacker = ECKey.generate_key("P-256")
    for header in (
        {"jwk": attacker.as_dict(private=False)},
        {"jwk": attacker.as_dict(private=False), "kid": None},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"kid": "../../ec"},
        {"kid": "' OR 1=1 --"},
        {"kid": ["ec"]},
    ):
        assert refused(sign(attacker, header)).startswith("invalid_request_object")


def test_another_clients_key_and_a_changed_word_are_found_out() -> None:
    assert refused(sign(ECKey.generate_key("P-256"))).startswith("invalid_request_object")
    head, _, signature = sign().split(".")
    payload = sign(scope="openid email").split(".")[1]
    assert refused(f"{head}.{payload}.{signature}").startswith("invalid_request_object")


def test_an_unknown_critical_header_is_refused() -> None:
    assert refused(sign(header={"crit": ["exp"]})).endswith("crit")


@pytest.mark.parametrize("typ", ["client-authentication+jwt", "at+jwt", "dpop+jwt", "logout+jwt"])
def test_what_was_signed_for_something_else_is_no_request(typ: str) -> None:
    """RFC 9101 §10.8, RFC 8725 §3.11."""
    assert refused(sign(header={"typ": typ})).endswith("typ")


def test_of_two_keys_none_is_guessed() -> None:
    second = ECKey.generate_key("P-256")
    client = with_keys()
    keys = {**client.keys, "ec-2": import_public_key(dict(second.as_dict(private=False)) | {"kid": "ec-2"})}
    assert refused(sign(header={"kid": None}), with_keys(keys=keys)).endswith("kid")


@pytest.mark.parametrize("compact", ["", "a.b", "a.b.c.d.e", "x" * 70_000, "ey.ey.ey"])
def test_what_is_no_jws_is_refused(compact: str) -> None:
    assert refused(compact).startswith("invalid_request_object")


def test_a_repeated_member_means_two_things_and_so_nothing() -> None:
    payload = orjson.dumps(CLAIMS)[:-1] + b',"scope":"openid admin"}'
    compact = jws.serialize_compact(HEADER, payload, EC, registry=AnyHeader("ES256"))
    assert refused(compact).startswith("invalid_request_object")
