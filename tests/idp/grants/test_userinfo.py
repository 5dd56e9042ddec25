"""userinfo tells the client what it may know, of the person whose token it is, to who holds its key."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from joserfc import jwe
from joserfc.jwk import ECKey

from tests.idp.grants.token_client import DPOP, TokenClient
from tests.idp.provider import ISSUER, SIGNING, Provider, parts
from tests.idp.relying_party import BASELINE, services_of

ALL = "openid profile email"


@pytest.fixture
def client(provider: Provider) -> TokenClient:
    return TokenClient(provider)


def denied(answer: Any, error: str = "invalid_token") -> None:
    assert (answer.status_code, answer.json["error"]) == (401, error), answer.text
    assert f'error="{error}"' in answer.headers["WWW-Authenticate"]


def test_scopes_are_answered_with_their_claims(client: TokenClient) -> None:
    body = client.tokens(scope=ALL)
    answer = client.userinfo(body["access_token"])
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json
    assert told["sub"] == parts(body["id_token"])[1]["sub"]
    assert (told["name"], told["email"], told["email_verified"]) == (
        "Nguyễn Văn Mẫu", "mau@example.gov.vn", True,
    )  # fmt: skip
    assert client.userinfo(client.tokens(scope="openid")["access_token"]).json.keys() == {"sub"}


def test_the_token_may_come_by_post_in_header_or_body(provider: Provider, client: TokenClient) -> None:
    token = client.tokens(scope=ALL)["access_token"]
    by_header = provider.client.post("/userinfo", headers={"Authorization": f"Bearer {token}"})
    by_body = provider.client.post("/userinfo", data={"access_token": token})
    assert by_header.json == by_body.json == client.userinfo(token).json
    both = provider.client.post(
        "/userinfo", data={"access_token": token}, headers={"Authorization": f"Bearer {token}"}
    )
    assert (both.status_code, both.json["error"]) == (400, "invalid_request")
    assert provider.client.get(f"/userinfo?access_token={token}").status_code == 401


def test_who_brings_nothing_is_told_no_error(provider: Provider) -> None:
    """RFC 6750 §3.1"""
    answer = provider.client.get("/userinfo")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == f'Bearer realm="{ISSUER}"'


def test_an_id_token_a_foreign_audience_and_a_machines_token_open_nothing(
    provider: Provider, client: TokenClient
) -> None:
    body = client.tokens()
    denied(client.userinfo(body["id_token"]))
    denied(client.userinfo(body["access_token"][:-4] + "AAAA"))
    denied(client.userinfo("x"))
    elsewhere = TokenClient(provider, resources=(SIGNING,))
    denied(elsewhere.userinfo(elsewhere.tokens(resources=(SIGNING,))["access_token"]))
    denied(client.userinfo(provider.issue(provider.register())))


def test_a_token_without_openid_is_not_enough(client: TokenClient) -> None:
    answer = client.userinfo(client.tokens(scope="email")["access_token"])
    assert (answer.status_code, answer.json["error"]) == (403, "insufficient_scope")
    assert 'scope="openid"' in answer.headers["WWW-Authenticate"]


def test_an_expired_token_opens_nothing(provider: Provider, client: TokenClient) -> None:
    token = client.tokens()["access_token"]
    provider.clock.pass_(seconds=301)
    denied(client.userinfo(token))


def test_a_claim_by_name_is_told_and_a_guarded_one_only_to_those_allowed(provider: Provider) -> None:
    claims = {"userinfo": {"email": None, "personal_number": None}}
    allowed = TokenClient(provider, replace(BASELINE, claims_allowed=("personal_number",)))
    number = "001099012345"
    for client, told in (
        (TokenClient(provider), {"sub", "email"}),
        (allowed, {"sub", "email", "personal_number"}),
    ):
        person = replace(client.person, personal_number=number)
        services_of(provider).people.save(person, int(provider.clock().timestamp()))
        answer = client.userinfo(client.tokens(claims=claims)["access_token"])
        assert answer.json.keys() == told
        services_of(provider).people.save(replace(person, personal_number=""), 1)


def test_a_bound_token_opens_nothing_without_its_key(provider: Provider) -> None:
    client = TokenClient(provider, DPOP, dpop=True)
    token = client.tokens()["access_token"]
    assert client.userinfo(token).status_code == 200

    def get(scheme: str, proof: str = "") -> Any:
        headers = {"Authorization": f"{scheme} {token}", **({"DPoP": proof} if proof else {})}
        return provider.client.get("/userinfo", headers=headers)

    sound: dict[str, Any] = {"path": "/userinfo", "htm": "GET", "access_token": token}
    assert get("dpop", client.proof(**sound)).status_code == 200, "the scheme's case does not matter"
    denied(get("Bearer"))
    denied(get("Bearer", client.proof(**sound)))
    denied(get("DPoP"))
    denied(get("DPoP", client.proof(**sound, key=ECKey.generate_key("P-256"))))
    denied(get("DPoP", client.proof(path="/userinfo", htm="GET")), "invalid_dpop_proof")
    denied(get("DPoP", client.proof(**{**sound, "access_token": "x"})), "invalid_dpop_proof")
    denied(get("DPoP", client.proof(**{**sound, "htm": "POST"})), "invalid_dpop_proof")
    proof = client.proof(**sound)
    assert get("DPoP", proof).status_code == 200
    denied(get("DPoP", proof), "invalid_dpop_proof")
    assert 'algs="ES256' in get("DPoP", proof).headers["WWW-Authenticate"]


def test_an_unbound_token_is_no_dpop_token(provider: Provider, client: TokenClient) -> None:
    token = client.tokens()["access_token"]
    prover = TokenClient(provider, DPOP, dpop=True)
    proof = prover.proof(path="/userinfo", htm="GET", access_token=token)
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
    denied(provider.client.get("/userinfo", headers=headers))


def test_a_signed_answer_says_for_whom_it_is(provider: Provider) -> None:
    client = TokenClient(provider, replace(BASELINE, userinfo_signed_response_alg="ES256"))
    answer = client.userinfo(client.tokens(scope=ALL)["access_token"])
    assert answer.content_type == "application/jwt"
    header, told = parts(answer.text)
    assert header["alg"] == "ES256"
    assert (told["iss"], told["aud"], told["email"]) == (ISSUER, client.client_id, "mau@example.gov.vn")


def test_what_is_encrypted_only_the_client_reads(provider: Provider) -> None:
    key = ECKey.generate_key("P-256")
    metadata = replace(
        BASELINE,
        userinfo_encrypted_response_alg="ECDH-ES",
        userinfo_encrypted_response_enc="A256GCM",
        id_token_encrypted_response_alg="ECDH-ES",
    )
    client = TokenClient(provider, metadata, key=key)
    body = client.tokens(scope=ALL)
    registry = jwe.JWERegistry(algorithms=["ECDH-ES", "A256GCM", "A128CBC-HS256"])
    id_token = jwe.decrypt_compact(body["id_token"], key, registry=registry)
    assert id_token.protected["cty"] == "JWT"
    assert id_token.plaintext is not None
    assert parts(id_token.plaintext.decode())[1]["aud"] == client.client_id
    answer = client.userinfo(body["access_token"])
    assert answer.content_type == "application/jwt"
    told = jwe.decrypt_compact(answer.text, key, registry=registry)
    assert told.plaintext is not None
    assert orjson.loads(told.plaintext)["email"] == "mau@example.gov.vn"
