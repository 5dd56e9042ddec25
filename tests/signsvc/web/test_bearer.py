"""Access tokens (RFC 9068): what is let in, and all that is not."""

import base64
import hmac
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from signsvc.errors import IssuerUnavailable
from signsvc.web.issuer_keys import IssuerKeys
from tests.servers.signsvc import Issuer, Service


def status(service: Service, token: str, path: str = "/v1/documents") -> tuple[int, str]:
    answer = service.client.get(path, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200 or answer.content_type == "application/problem+json"
    return answer.status_code, answer.json.get("code", "")


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_a_good_token_is_let_in(service: Service) -> None:
    assert status(service, service.issuer.token())[0] == 200
    assert status(service, service.issuer.token(aud=["x", "http://127.0.0.1:8082"]))[0] == 200
    assert status(service, service.issuer.token(scope="openid sign"))[0] == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "http://other.example"},
        {"aud": None},
        {"aud": ["http://127.0.0.1:8082/"]},
        {"iss": "http://evil.example"},
        {"iss": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": True},
        {"iat": 9_999_999_999},
        {"nbf": 9_999_999_999},
        {"client_id": None},
        {"client_id": ["motcua"]},
        {"client_id": ""},
        {"jti": None},
        {"header": {"typ": "JWT"}},
        {"header": {"typ": "id+jwt"}},
        {"header": {"typ": ""}},
        {"header": {"kid": "unknown"}},
        {"header": {"kid": "../../etc/passwd"}},
    ],
)
def test_a_token_not_for_us_is_refused(service: Service, changes: dict[str, Any]) -> None:
    assert status(service, service.issuer.token(**changes)) == (401, "login")


def test_an_id_token_is_no_access_token(service: Service) -> None:
    """Same issuer, same key, right audience: only its type tells (RFC 8725 §3.11)."""
    id_token = service.issuer.token(header={"typ": "JWT"}, nonce="n", auth_time=1)
    assert status(service, id_token) == (401, "login")


def test_the_leeway_is_ten_seconds_and_no_more(service: Service) -> None:
    now = int(service.services.clock().timestamp())
    assert status(service, service.issuer.token(exp=now - 5))[0] == 200
    assert status(service, service.issuer.token(exp=now - 15))[0] == 401
    assert status(service, service.issuer.token(iat=now + 5))[0] == 200
    assert status(service, service.issuer.token(iat=now + 15))[0] == 401


def test_alg_none_is_refused(service: Service) -> None:
    claims = service.issuer.claims()
    for alg in ("none", "None", "NONE", ""):
        header = {"alg": alg, "kid": "test-1", "typ": "at+jwt"}
        assert status(service, f"{encoded(header)}.{encoded(claims)}.")[0] == 401


def test_a_mac_made_with_the_public_key_is_refused(service: Service) -> None:
    public = service.issuer.key.as_pem(private=False)
    header = {"alg": "HS256", "kid": "test-1", "typ": "at+jwt"}
    signing_input = f"{encoded(header)}.{encoded(service.issuer.claims())}"
    mac = hmac.digest(public, signing_input.encode(), "sha256")
    forged = f"{signing_input}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    assert status(service, forged)[0] == 401


def test_a_token_brings_no_key_of_its_own(service: Service) -> None:
    evil = ECKey.generate_key("P-256")
    payload = json.dumps(service.issuer.claims()).encode()
    for extra in (
        {"jwk": evil.as_dict(private=False)},
        {"jku": "http://evil.example/jwks"},
        {"x5u": "http://evil.example/c.pem"},
    ):
        header = {"alg": "ES256", "kid": "test-1", "typ": "at+jwt", **extra}
        forged = jws.serialize_compact(header, payload, evil, algorithms=["ES256"])
        assert status(service, forged)[0] == 401


def test_another_algorithm_than_the_keys_is_refused(service: Service) -> None:
    rsa = RSAKey.generate_key(2048)
    header = {"alg": "RS256", "kid": "test-1", "typ": "at+jwt"}
    forged = jws.serialize_compact(
        header, json.dumps(service.issuer.claims()).encode(), rsa, algorithms=["RS256"]
    )
    assert status(service, forged)[0] == 401


def test_a_changed_token_is_refused(service: Service) -> None:
    head, payload, signature = service.issuer.token("another").split(".")
    claims = encoded(service.issuer.claims("motcua"))
    assert status(service, f"{head}.{claims}.{signature}")[0] == 401
    assert status(service, f"{head}.{payload}.{signature[:-8]}AAAAAAAA")[0] == 401


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c.d", "....", "e30.e30.", "é.é.é"])
def test_garbage_is_refused(service: Service, token: str) -> None:
    answer = service.client.get("/v1/documents", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_a_token_too_large_is_refused(service: Service) -> None:
    assert status(service, service.issuer.token(padding="x" * 300_000))[0] == 401


def test_a_token_elsewhere_than_in_the_header_is_not_read(service: Service) -> None:
    token = service.issuer.token()
    answer = service.client.get("/v1/documents", query_string={"access_token": token})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="signsvc"'
    assert service.client.get("/v1/documents", headers={"Authorization": f"DPoP {token}"}).status_code == 401


def test_a_token_without_the_scope_is_forbidden(service: Service) -> None:
    for scope in ("", "signature", "openid", None):
        answer = service.client.get(
            "/v1/documents", headers={"Authorization": f"Bearer {service.issuer.token(scope=scope)}"}
        )
        assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_unknown_kids_cost_one_fetch(service: Service) -> None:
    status(service, service.issuer.token())
    before = service.issuer.fetched
    for number in range(20):
        status(service, service.issuer.token(header={"kid": f"unknown-{number}"}))
    assert service.issuer.fetched - before <= 1


def test_the_issuer_away_is_503_until_it_is_back(service: Service) -> None:
    issuer: Issuer = service.issuer
    issuer.away = True
    try:
        answer = service.client.get("/v1/documents", headers=service.headers())
        assert (answer.status_code, answer.json["code"]) == (503, "issuer_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    finally:
        issuer.away = False
    import time  # noqa: PLC0415

    time.sleep(1.1)
    assert service.client.get("/v1/documents", headers=service.headers()).status_code == 200


def test_an_issuer_that_hangs_delays_one_caller_and_no_other() -> None:
    asked, go_on, clock = threading.Event(), threading.Event(), [0.0]
    key = ECKey.generate_key("P-256")
    jwks = {"keys": [{**key.as_dict(private=False), "kid": "a", "alg": "ES256", "use": "sig"}]}

    def answer(_request: httpx.Request) -> httpx.Response:
        if clock[0] > 0:
            asked.set()
            assert go_on.wait(20)
            raise httpx.ReadTimeout("it hangs")
        return httpx.Response(200, json=jwks)

    with httpx.Client(transport=httpx.MockTransport(answer)) as http, ThreadPoolExecutor(2) as pool:
        keys = IssuerKeys(lambda: http, "http://issuer.invalid/jwks", ttl=300, monotonic=lambda: clock[0])
        assert keys.find_key("a") is not None
        clock[0] = 301.0
        first = pool.submit(keys.find_key, "a")
        assert asked.wait(20)
        try:
            assert pool.submit(keys.find_key, "a").result(5) is not None
        finally:
            go_on.set()
        assert first.result(20) is not None
        # What hung is not asked again at once, or callers would hang one after the other.
        asked.clear()
        clock[0] = 305.0
        assert keys.find_key("a") is not None
        assert not asked.is_set()
        clock[0] = 3601.0
        with pytest.raises(IssuerUnavailable):
            keys.find_key("a")


def test_known_keys_outlive_an_outage_of_the_issuer(service: Service) -> None:
    assert status(service, service.issuer.token())[0] == 200
    service.issuer.away = True
    try:
        assert status(service, service.issuer.token())[0] == 200
    finally:
        service.issuer.away = False
