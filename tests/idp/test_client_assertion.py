"""Client authentication (RFC 7523, RFC 10070, FAPI 2.0 §5.3.2.1): what is accepted, and every attack.

Names that begin with ``fapi2_sp_final`` are those of the OpenID Foundation's conformance suite.
"""

import base64
import hashlib
import hmac
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tests.idp.provider import ISSUER, Provider, System


def refused(provider: Provider, system: System, assertion: str, why: str) -> None:
    answer = provider.token(system, assertion)
    assert answer.status_code == 401, answer.text
    assert answer.json["error"] == "invalid_client"
    assert "access_token" not in answer.json
    assert answer.headers["WWW-Authenticate"]
    assert provider.events()[-1]["detail"] == why


def accepted(provider: Provider, system: System, assertion: str) -> None:
    answer = provider.token(system, assertion)
    assert answer.status_code == 200, answer.text


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ECKey.generate_key("P-256"), "ES256"),
        (RSAKey.generate_key(2048), "PS256"),
        (OKPKey.generate_key("Ed25519"), "EdDSA"),
    ],
    ids=["ES256", "PS256", "EdDSA"],
)
def test_each_algorithm_of_the_profile_authenticates(provider: Provider, key: Any, algorithm: str) -> None:
    system = provider.register(key=key, algorithm=algorithm)
    accepted(provider, system, system.assertion())


def test_a_client_with_one_key_needs_no_kid(provider: Provider, system: System) -> None:
    accepted(provider, system, system.assertion(header={"kid": None}))


@pytest.mark.parametrize(
    ("name", "audience"),
    [
        ("fapi2_sp_final_test_array_as_audience_fails", [ISSUER]),
        ("fapi2_sp_final_token_endpoint_as_audience_fails", f"{ISSUER}/token"),
        ("fapi2_sp_final_par_endpoint_as_audience_fails", f"{ISSUER}/par"),
        ("fapi2_sp_final_ensure_client_assertion_with_wrong_aud_fails", "https://attacker.example"),
        ("several audiences", [ISSUER, "https://attacker.example"]),
        ("slash at the end", f"{ISSUER}/"),
        ("suffix", f"{ISSUER}.attacker.example"),
        ("prefix", ISSUER[:-1]),
        ("case", ISSUER.upper()),
        ("empty list", []),
        ("missing", None),
        ("number", 1),
        ("object", {ISSUER: True}),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else None,
)
def test_only_the_issuer_alone_is_an_audience(
    provider: Provider, system: System, name: str, audience: Any
) -> None:
    """Audience injection (CVE-2025-27370): an assertion that is good elsewhere too is good nowhere."""
    refused(provider, system, system.assertion(aud=audience), "aud")


@pytest.mark.parametrize(
    "typ", ["jwt", "at+jwt", "dpop+jwt", "logout+jwt", "antin-act+jws", "CLIENT-AUTHENTICATION+JWT", "", 7]
)
def test_an_assertion_typed_as_something_else_is_refused(
    provider: Provider, system: System, typ: str | int
) -> None:
    refused(provider, system, system.assertion(header={"typ": typ}), "typ")


@pytest.mark.parametrize("typ", [None, "JWT"])
def test_certified_clients_that_do_not_type_their_assertions_are_let_in(
    provider: Provider, system: System, typ: str | None
) -> None:
    assert provider.token(system, system.assertion(header={"typ": typ})).status_code == 200


@pytest.mark.parametrize(
    "changes", [{"iss": None}, {"sub": None}, {"iss": "someone-else"}, {"sub": "someone-else"}, {"sub": 7}]
)
def test_iss_and_sub_must_both_be_the_client(
    provider: Provider, system: System, changes: dict[str, Any]
) -> None:
    """Holds fapi2_sp_final_ensure_client_assertion_with_no_sub_fails."""
    refused(provider, system, system.assertion(**changes), "sub")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 1e300}, "exp"),
        ({"exp": -1}, "exp"),
        ({"iat": "now"}, "iat"),
        ({"nbf": []}, "nbf"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": 1}, "jti"),
        ({"jti": "x" * 257}, "jti"),
    ],
)
def test_malformed_claims_are_refused(
    provider: Provider, system: System, changes: dict[str, Any], why: str
) -> None:
    refused(provider, system, system.assertion(**changes), why)


@pytest.mark.parametrize(
    ("iat", "nbf", "exp", "why"),
    [
        (0, None, 60, None),
        (
            8,
            8,
            60,
            None,
        ),  # fapi2_sp_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted
        (10, 10, 60, None),
        (-60, None, -9, None),  # a clock that is behind
        (-200, -200, 100, None),
        (0, None, 300, None),
        (None, None, 300, None),
        (0, 61, 120, "nbf"),  # fapi2_sp_final_par_ensure_…_nbf_over_60_seconds_in_the_future_fails
        (61, None, 120, "iat"),
        (
            -360,
            None,
            -300,
            "exp past",
        ),  # fapi2_sp_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails
        (-60, None, -10, "exp past"),
        (0, None, 311, "exp far"),
        (0, None, 86400 * 365 * 50, "exp far"),
        (-200, None, 200, "iat to exp"),
    ],
)
def test_the_clock_is_tolerant_by_ten_seconds_and_strict_beyond(
    provider: Provider, system: System, iat: int | None, nbf: int | None, exp: int, why: str | None
) -> None:
    now = int(provider.clock().timestamp())
    times = {
        name: None if offset is None else now + offset
        for name, offset in {"iat": iat, "nbf": nbf, "exp": exp}.items()
    }
    assertion = system.assertion(**times)
    if why is None:
        accepted(provider, system, assertion)
    else:
        refused(provider, system, assertion, why)


def test_alg_none_is_refused(provider: Provider, system: System) -> None:
    header = encode(orjson.dumps({"alg": "none", "typ": "client-authentication+jwt", "kid": "key-1"}))
    payload = encode(orjson.dumps(system.claims()))
    refused(provider, system, f"{header}.{payload}.AA", "alg")
    refused(provider, system, f"{header}.{payload}.", "shape")


def test_hs256_with_the_public_key_is_refused(provider: Provider) -> None:
    """Algorithm confusion: the public key, which everybody has, as an HMAC secret."""
    key = RSAKey.generate_key(2048)
    system = provider.register(key=key, algorithm="PS256")
    pem = key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (pem, pem.strip(), b"\n" + pem, orjson.dumps(key.as_dict(private=False)), b""):
        header = encode(orjson.dumps({"alg": "HS256", "typ": "client-authentication+jwt", "kid": "key-1"}))
        signed = f"{header}.{encode(orjson.dumps(system.claims()))}"
        mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        refused(provider, system, f"{signed}.{encode(mac)}", "alg")


def test_fapi2_sp_final_ensure_signed_client_assertion_with_rs256_fails(provider: Provider) -> None:
    system = provider.register(key=RSAKey.generate_key(2048), algorithm="PS256")
    refused(provider, system, system.assertion(header={"alg": "RS256"}), "alg")


def test_an_algorithm_that_is_not_the_keys_is_refused(provider: Provider) -> None:
    system = provider.register(key=ECKey.generate_key("P-256"))
    other = RSAKey.generate_key(2048)
    refused(provider, system, system.assertion(header={"alg": "PS256"}, key=other), "alg")


def test_another_key_is_refused(provider: Provider, system: System) -> None:
    refused(provider, system, system.assertion(key=ECKey.generate_key("P-256")), "signature")


def test_another_clients_key_is_refused(provider: Provider, system: System) -> None:
    other = provider.register()
    refused(provider, system, other.sign(orjson.dumps(system.claims())), "signature")


@pytest.mark.parametrize(
    "kid", ["key-2", "../../etc/passwd", "' OR 1=1 --", "https://attacker.example/jwks", "", "\ud800"]
)
def test_an_unknown_kid_is_refused(provider: Provider, system: System, kid: str) -> None:
    header = encode(b'{"alg":"ES256","typ":"client-authentication+jwt","kid":' + _ascii_json(kid) + b"}")
    payload = encode(orjson.dumps(system.claims()))
    refused(provider, system, f"{header}.{payload}.{encode(bytes(64))}", "kid unknown")


def test_a_kid_of_another_type_is_refused(provider: Provider, system: System) -> None:
    header = encode(orjson.dumps({"alg": "ES256", "typ": "client-authentication+jwt", "kid": ["key-1"]}))
    payload = encode(orjson.dumps(system.claims()))
    refused(provider, system, f"{header}.{payload}.{encode(bytes(64))}", "kid unknown")


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_in_the_header_is_never_used(provider: Provider, system: System, member: str) -> None:
    """The attacker signs with a key of theirs and brings it along (CVE-2026-27962)."""
    theirs = ECKey.generate_key("P-256")
    brought: dict[str, Any] = {
        "jwk": theirs.as_dict(private=False),
        "jku": "http://127.0.0.1:1/jwks",
        "x5u": "http://127.0.0.1:1/cert",
        "x5c": ["AAAA"],
    }
    refused(provider, system, system.assertion(header={member: brought[member]}, key=theirs), "signature")
    accepted(provider, system, system.assertion(header={member: brought[member]}))


def test_an_unknown_header_parameter_is_ignored(provider: Provider, system: System) -> None:
    accepted(provider, system, system.assertion(header={"extra": "foobar"}))


@pytest.mark.parametrize(
    "header", [{"crit": ["exp"], "exp": 1}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"b64": True}]
)
def test_a_critical_extension_is_refused(provider: Provider, system: System, header: dict[str, Any]) -> None:
    good = system.assertion()
    protected = {"alg": "ES256", "typ": "client-authentication+jwt", "kid": "key-1", **header}
    _, payload, signature = good.split(".")
    refused(provider, system, f"{encode(orjson.dumps(protected))}.{payload}.{signature}", "crit")


def test_a_repeated_member_is_refused(provider: Provider, system: System) -> None:
    """Two parsers may take the first or the last of two ``sub``: so neither is taken."""
    claims = orjson.dumps(system.claims())
    twice = claims[:-1] + b',"aud":"https://attacker.example"}'
    answer = provider.token(system, system.sign(twice))
    assert answer.status_code == 401
    header = b'{"alg":"none","alg":"ES256","typ":"client-authentication+jwt","kid":"key-1"}'
    _, payload, signature = system.assertion().split(".")
    assert provider.token(system, f"{encode(header)}.{payload}.{signature}").status_code == 401


def test_a_huge_assertion_is_refused_unread(provider: Provider, system: System) -> None:
    refused(provider, system, system.assertion(padding="x" * 100_000), "size")
    refused(provider, system, system.assertion(header={"x": "y" * 5_000}), "size")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a.b",
        "a.b.c.d",
        "....",
        "a.b.c",
        "é.b.c",
        "e30.e30.AA\n",
        " e30.e30.AA",
        "e30=.e30.AA",
        "e30.e30+.AA",
    ],
)
def test_what_is_no_jwt_is_refused(provider: Provider, system: System, text: str) -> None:
    answer = provider.client.post(
        "/token",
        data=system.form("x") | {"client_assertion": text, "grant_type": "client_credentials"},
    )
    assert answer.status_code == 401
    assert answer.json["error"] == "invalid_client"


def test_deeply_nested_json_is_refused(provider: Provider, system: System) -> None:
    bomb = b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}"
    answer = provider.token(system, system.sign(bomb))
    assert answer.status_code == 401


def test_a_signature_in_der_is_refused(provider: Provider, system: System) -> None:
    """ES256 in JWS is r||s (RFC 7518 §3.4); another encoding of a good signature is another message."""
    header, payload, _ = system.assertion().split(".")
    refused(provider, system, f"{header}.{payload}.{encode(bytes.fromhex('3006020101020101'))}", "signature")
    refused(provider, system, f"{header}.{payload}.{encode(bytes(64))}", "signature")


def test_an_unknown_and_a_disabled_client_get_the_same_answer(provider: Provider, system: System) -> None:
    stranger = System("stranger", system.key, "ES256", "key-1", provider.clock)
    unknown = provider.token(stranger)
    other = provider.register()
    _disable(provider, other)
    disabled = provider.token(other)
    wrong_key = provider.token(system, system.assertion(key=ECKey.generate_key("P-256")))
    assert unknown.json == disabled.json == wrong_key.json
    assert unknown.status_code == disabled.status_code == wrong_key.status_code == 401


def test_a_posted_client_id_must_be_the_assertions(provider: Provider, system: System) -> None:
    assert provider.token(system, client_id=system.client_id).status_code == 200
    answer = provider.token(system, client_id="someone-else")
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def _disable(provider: Provider, system: System) -> None:
    from idp.store.clients import change_state  # noqa: PLC0415

    with provider.database.writing() as connection:
        assert change_state(connection, system.client_id, "disabled", 0)


def _ascii_json(text: str) -> bytes:
    import json  # noqa: PLC0415 -- orjson refuses the lone surrogate that this sends

    return json.dumps(text).encode()
