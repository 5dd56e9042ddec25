"""Tokens bound to a key (RFC 9449, RFC 8705): what opens with the key's proof, and all that does not."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from signsvc.errors import LoginRefused
from signsvc.web.dpop import Asked, Proof, check_proof, is_address_of
from tests.servers.key_process import RunningKeyProcess
from tests.servers.redis import RunningRedis
from tests.servers.signsvc import RESOURCE, Enrolled, Issuer, Service, run_service
from tests.vectors.dpop.cases import CASES, DOCUMENT, proof_of
from tests.vectors.dpop.cases import KEY as VECTOR_KEY
from tests.vectors.dpop.cases import NOW as VECTORS_AT

PATH = "/v1/documents"
NOW = 1_800_000_000.0
KEY = ECKey.generate_key("P-256")
TOKEN = "a.b.c"


class Anything(jws.JWSRegistry):
    """Signs whatever header it is given."""

    max_header_length = 64 * 1024

    def check_header(self, *_: Any) -> None:
        return


def ath(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


def proof(
    token: str = TOKEN,
    key: Key = KEY,
    alg: str = "ES256",
    header: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """A proof for GET of PATH at NOW, but for what is changed; a claim of None is left out."""
    body = {"htm": "GET", "htu": RESOURCE + PATH, "iat": NOW, "jti": secrets.token_hex(8), "ath": ath(token)}
    body = {name: value for name, value in (body | claims).items() if value is not None}
    head = {"typ": "dpop+jwt", "alg": alg, "jwk": key.as_dict(private=False)} | (header or {})
    return jws.serialize_compact(head, json.dumps(body).encode(), key, registry=Anything(algorithms=[alg]))


def check(*headers: str, key: Key = KEY) -> str:
    asked = Asked("GET", RESOURCE, PATH, TOKEN)
    return check_proof(headers, asked, jkt=key.thumbprint(), now=NOW).jti


def refused(*headers: str, key: Key = KEY) -> str:
    with pytest.raises(LoginRefused) as caught:
        check(*headers, key=key)
    assert (caught.value.reason, caught.value.scheme) == ("invalid_dpop_proof", "DPoP")
    return caught.value.detail.removeprefix("dpop: ")


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_a_proof_is_judged_as_the_identity_provider_judges_it(case: dict[str, Any]) -> None:
    asked = Asked(DOCUMENT["method"], DOCUMENT["origin"], DOCUMENT["path"], DOCUMENT["token"])

    def judge() -> Proof:
        return check_proof([proof_of(case)], asked, jkt=VECTOR_KEY.thumbprint(), now=VECTORS_AT)

    if not case["refused"]:
        assert judge().jti
        return
    with pytest.raises(LoginRefused) as caught:
        judge()
    assert caught.value.detail == f"dpop: {case['refused']}"


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize(
    ("make", "alg"),
    [
        (lambda: ECKey.generate_key("P-256"), "ES256"),
        (lambda: RSAKey.generate_key(2048), "PS256"),
        (lambda: OKPKey.generate_key("Ed25519"), "EdDSA"),
        (lambda: OKPKey.generate_key("Ed25519"), "Ed25519"),
    ],
    ids=["ES256", "PS256", "EdDSA", "Ed25519"],
)
def test_a_proof_by_each_kind_of_key_holds(make: Callable[[], Key], alg: str) -> None:
    key = make()
    assert check(proof(key=key, alg=alg, jti="j"), key=key) == "j"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"htm": "POST"}, "htm"), ({"htm": "get"}, "htm"), ({"htm": None}, "htm"),
        ({"htu": f"{RESOURCE}/v1/sign"}, "htu"), ({"htu": f"https://evil.example{PATH}"}, "htu"),
        ({"htu": PATH}, "htu"), ({"htu": None}, "htu"), ({"htu": 1}, "htu"),
        ({"iat": NOW - 61}, "iat"), ({"iat": NOW + 11}, "iat"), ({"iat": None}, "iat"),
        ({"iat": True}, "iat"), ({"iat": str(NOW)}, "iat"),
        ({"ath": None}, "ath"), ({"ath": ath("another")}, "ath"),
        ({"jti": None}, "jti"), ({"jti": ""}, "jti"), ({"jti": "x" * 257}, "jti"), ({"jti": 1}, "jti"),
        ({"header": {"typ": "JWT"}}, "typ"), ({"header": {"typ": "at+jwt"}}, "typ"),
        ({"header": {"jwk": None}}, "jwk"), ({"header": {"jwk": KEY.as_dict(private=True)}}, "jwk"),
        ({"header": {"jwk": {"kty": "oct", "k": "AAAA"}}}, "jwk"),
        ({"header": {"jwk": {"kty": "EC"}}}, "jwk"),
        ({"header": {"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}}, "jwk"),
        ({"header": {"jwk": {"kty": "RSA", "n": 5, "e": "AQAB"}}}, "jwk"),
        ({"header": {"b64": True}}, "crit"),
    ],
    ids=lambda value: value if isinstance(value, str) else ",".join(value),
)  # fmt: skip
def test_each_rule_of_a_proof_refuses(changes: dict[str, Any], rule: str) -> None:
    assert refused(proof(**changes)) == rule


def test_the_edges_of_its_time_are_taken() -> None:
    assert check(proof(iat=NOW - 60))
    assert check(proof(iat=NOW + 10))


def test_two_proofs_are_none() -> None:
    assert refused(proof(), proof()) == "headers"
    assert refused(f"{proof()}, {proof()}") == "headers"
    assert refused() == "headers"


def test_a_proof_by_another_key_is_refused() -> None:
    other = ECKey.generate_key("P-256")
    assert refused(proof(key=other)) == "bound to another key"
    # Naming the right key does not make its signature.
    assert refused(proof(key=other, header={"jwk": KEY.as_dict(private=False)})) == "signature"


def test_an_algorithm_of_no_list_is_refused() -> None:
    head, payload, signature = proof().split(".")
    for alg in ("none", "HS256", "RS256", "ES384", ["ES256"], None, "PS256"):
        header = {"typ": "dpop+jwt", "alg": alg, "jwk": KEY.as_dict(private=False)}
        changed = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        assert refused(f"{changed}.{payload}.{signature}") == "alg"
    assert refused(f"{head}.{payload}.") == "shape"


@pytest.mark.parametrize(
    "text", ["", "x", "a.b", "a.b.c", "e30.W10.AA", "é.é.é", "a" * 9000, "bnVsbA.e30.AA"]
)
def test_garbage_is_no_proof(text: str) -> None:
    assert refused(text) in ("shape", "JSON")


def test_an_address_has_several_spellings_and_one_meaning() -> None:
    ours = "https://ky.example/api"
    for same in (
        "https://ky.example/api/v1/x", "HTTPS://KY.example:443/api/v1/x", "https://ky.example/api/v1/x?q#f",
        "https://ky.example/api/v1/%78",
    ):  # fmt: skip
        assert is_address_of(same, ours, "/v1/x"), same
    for other in (
        "http://ky.example/api/v1/x", "https://ky.example:8443/api/v1/x", "https://ky.example/v1/x",
        "https://ky.example/api/v1/x/", "https://ky.example/api/v1/X", "https://ky.example/api/v1/%2578",
        "https://a@ky.example/api/v1/x", "https://ky.example.evil/api/v1/x",
        "https://ky.example:port/api/v1/x", "",
    ):  # fmt: skip
        assert not is_address_of(other, ours, "/v1/x"), other
    assert is_address_of("https://ky.example", "https://ky.example/", "/")


def bound(service: Service, **changes: Any) -> str:
    return service.issuer.token(**({"cnf": {"jkt": KEY.thumbprint()}} | changes))


def fresh(service: Service, token: str, **claims: Any) -> str:
    return proof(token, **({"iat": service.services.clock().timestamp()} | claims))


def show(service: Service, authorization: str, *proofs: str, path: str = PATH) -> Any:
    headers = [("Authorization", authorization), *(("DPoP", each) for each in proofs)]
    return service.client.get(path, headers=headers)


def challenge(answer: Any) -> str:
    assert (answer.status_code, answer.json["code"]) == (401, "login")
    assert answer.json["detail"]
    assert answer.json["detail_en"]
    return str(answer.headers["WWW-Authenticate"])


def test_a_bound_token_opens_with_its_proof_once(service: Service) -> None:
    token = bound(service)
    made = fresh(service, token)
    assert show(service, f"DPoP {token}", made).status_code == 200
    answer = show(service, f"DPoP {token}", made)
    assert 'error="invalid_dpop_proof"' in challenge(answer)
    assert "used before" in answer.json["detail_en"]
    assert show(service, f"DPOP {token}", fresh(service, token)).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "BEARER", "bearer"])
def test_a_bound_token_is_no_bearer_token(service: Service, scheme: str) -> None:
    token = bound(service)
    for proofs in ((), (fresh(service, token),)):
        told = challenge(show(service, f"{scheme} {token}", *proofs))
        assert told == 'DPoP realm="signsvc", error="invalid_token", algs="ES256 PS256 EdDSA"'


def test_a_stripped_doubled_or_foreign_proof_opens_nothing(service: Service) -> None:
    token, other = bound(service), bound(service, padding="x")
    for proofs in (
        (),
        (fresh(service, token), fresh(service, token)),
        (fresh(service, other),),
        (fresh(service, token, key=ECKey.generate_key("P-256")),),
        (fresh(service, token, htm="POST"),),
        (fresh(service, token, htu=f"{RESOURCE}/v1/sign"),),
    ):
        assert 'error="invalid_dpop_proof"' in challenge(show(service, f"DPoP {token}", *proofs))


def test_a_plain_token_proves_nothing_by_a_proof(service: Service) -> None:
    token = service.issuer.token()
    told = challenge(show(service, f"DPoP {token}", fresh(service, token)))
    assert told == 'Bearer realm="signsvc", error="invalid_token"'
    assert show(service, f"Bearer {token}").status_code == 200


def test_a_token_bound_to_a_certificate_is_refused_and_told_why(service: Service) -> None:
    for cnf in ({"x5t#S256": "x" * 43}, {"x5t#S256": "x" * 43, "jkt": KEY.thumbprint()}):
        token = bound(service, cnf=cnf)
        for scheme in ("Bearer", "DPoP"):
            answer = show(service, f"{scheme} {token}", fresh(service, token))
            challenge(answer)
            assert "TLS certificate" in answer.json["detail_en"]
            assert "chứng thư TLS" in answer.json["detail"]


@pytest.mark.parametrize("cnf", [{}, [], "", 0, {"jwk": {}}, {"jkt": ""}, {"jkt": 1}, {"kid": "x"}], ids=str)
def test_a_binding_that_cannot_be_checked_opens_nothing(service: Service, cnf: Any) -> None:
    token = bound(service, cnf=cnf)
    for scheme in ("Bearer", "DPoP"):
        challenge(show(service, f"{scheme} {token}", fresh(service, token)))


def test_a_bound_token_without_the_scope_is_told_so_in_its_scheme(service: Service) -> None:
    token = bound(service, scope="openid")
    answer = show(service, f"DPoP {token}", fresh(service, token))
    assert answer.status_code == 403
    assert answer.headers["WWW-Authenticate"].startswith('DPoP realm="signsvc", error="insufficient_scope"')


def test_without_redis_bound_tokens_wait_and_plain_ones_go_on(
    tmp_path: Any, issuer: Issuer, enrolled: Enrolled, key_process: RunningKeyProcess, devca: Any,
    own_redis: RunningRedis,
) -> None:  # fmt: skip
    url = f"redis+{own_redis.url}"
    with run_service(tmp_path, issuer, enrolled, key_process, devca, redis_url=url) as service:
        token = bound(service)
        assert show(service, f"DPoP {token}", fresh(service, token)).status_code == 200
        own_redis.stop()
        answer = show(service, f"DPoP {token}", fresh(service, token))
        assert (answer.status_code, answer.json["code"]) == (503, "proof_store_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert show(service, f"Bearer {service.issuer.token()}").status_code == 200
