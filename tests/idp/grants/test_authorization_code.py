"""A code becomes tokens once, for the client, the address, the verifier and the key it was made for."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from idp.logout.end_session import LOGOUT
from tests.idp.grants.token_client import DPOP, TokenClient, half_hash
from tests.idp.provider import ISSUER, SIGNING, Provider, parts
from tests.idp.relying_party import BASELINE, s256, services_of


@pytest.fixture
def client(provider: Provider) -> TokenClient:
    return TokenClient(provider)


def refused(answer: Any, error: str = "invalid_grant") -> None:
    assert (answer.status_code, answer.json["error"]) == (400, error), answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "token" not in answer.json


def test_a_code_becomes_tokens_that_say_who_logged_in(client: TokenClient) -> None:
    answer = client.redeem(client.code(scope="openid offline_access", max_age_asked=True))
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json
    assert body["token_type"] == "Bearer"
    assert body["scope"] == "openid offline_access"
    header, access = parts(body["access_token"])
    assert header["typ"] == "at+jwt"
    assert access["aud"] == ISSUER
    assert (access["client_id"], access["acr"], access["sid"]) == (
        client.client_id, "LoA2", client.session.session_id,
    )  # fmt: skip
    header, told = parts(body["id_token"])
    assert header["typ"] == "JWT"
    assert header["kid"]
    assert told.keys() == {
        "iss", "sub", "aud", "iat", "exp", "auth_time", "acr", "amr", "sid", "nonce", "at_hash",
    }  # fmt: skip
    assert told["aud"] == client.client_id
    assert told["nonce"] == "nonce-1"
    assert told["amr"] == ["pwd", "otp"]
    assert told["auth_time"] == client.session.auth_time
    assert told["sub"] == access["sub"] != client.person.person_id
    assert told["at_hash"] == half_hash(body["access_token"])
    assert len(body["refresh_token"]) == 43


def test_no_nonce_is_told_where_none_was_sent(client: TokenClient) -> None:
    assert "nonce" not in parts(client.tokens(nonce="")["id_token"])[1]


def test_without_openid_there_is_no_id_token(client: TokenClient) -> None:
    assert "id_token" not in client.tokens(scope="profile")


def test_an_id_token_is_signed_as_the_client_registered(provider: Provider) -> None:
    client = TokenClient(provider, replace(BASELINE, id_token_signed_response_alg="RS256"))
    assert parts(client.tokens()["id_token"])[0]["alg"] == "RS256"


def test_a_claim_asked_for_in_the_id_token_is_there_and_no_other(client: TokenClient) -> None:
    claims = {"id_token": {"name": None, "acr": {"essential": True}, "personal_number": None}}
    told = parts(client.tokens(claims=claims, scope="openid email")["id_token"])[1]
    assert told["name"] == "Nguyễn Văn Mẫu"
    assert told.keys() & {"email", "personal_number"} == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("code_verifier", None),
        ("code_verifier", "a" * 43),
        ("code_verifier", "a" * 42),
        ("code_verifier", "é" * 43),
        ("redirect_uri", None),
        ("redirect_uri", "https://one-stop.example.gov.vn/callback/"),
        ("redirect_uri", "https://one-stop.example.gov.vn/callback?x=1"),
        ("code", "A" * 43),
    ],
)
def test_what_does_not_fit_the_code_is_refused(client: TokenClient, name: str, value: str | None) -> None:
    """fapi2_sp_final: missing and wrong verifiers are invalid_grant."""
    code = client.code()
    refused(client.redeem(code, **{name: value}))
    assert client.redeem(code).status_code == 200, "a refused attempt must not use up the code"


def test_a_verifier_without_a_challenge_is_a_downgrade(client: TokenClient) -> None:
    refused(client.redeem(client.code(code_challenge="")))


def test_the_challenge_is_never_compared_in_plain(client: TokenClient) -> None:
    refused(client.redeem(client.code(code_challenge=client.verifier)))


def test_a_missing_code_is_an_invalid_request(client: TokenClient) -> None:
    refused(client.redeem(client.code(), code=None), "invalid_request")


def test_another_clients_code_is_refused_and_stays_good(provider: Provider, client: TokenClient) -> None:
    thief = TokenClient(provider)
    code = client.code()
    refused(thief.redeem(code, code_verifier=client.verifier))
    assert client.redeem(code).status_code == 200


def test_a_code_dies_after_sixty_seconds(provider: Provider, client: TokenClient) -> None:
    code = client.code()
    provider.clock.pass_(seconds=61)
    refused(client.redeem(code))


def test_a_code_dies_with_its_session(provider: Provider, client: TokenClient) -> None:
    code = client.code()
    now = int(provider.clock().timestamp())
    services_of(provider).end_session(client.session.session_id, reason=LOGOUT, now=now)
    refused(client.redeem(code))


def test_a_code_that_comes_twice_revokes_all_that_came_of_it(provider: Provider, client: TokenClient) -> None:
    """OIDCC AuthCodeReuseAfter30Seconds, RFC 6749 §4.1.2."""
    code = client.code(scope="openid offline_access")
    body = client.redeem(code).json
    again = client.refresh(body["refresh_token"]).json
    assert client.userinfo(body["access_token"]).status_code == 200
    provider.clock.pass_(seconds=31)
    refused(client.redeem(code))
    for token in (body["access_token"], again["access_token"]):
        assert client.userinfo(token).status_code == 401
    for token in (body["refresh_token"], again["refresh_token"]):
        refused(client.refresh(token))


def test_of_many_at_once_one_gets_tokens_and_they_are_revoked(client: TokenClient) -> None:
    """Two holders of one code: nobody knows which is the thief."""
    code = client.code(scope="openid offline_access")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.redeem(code), range(8)))
    assert sorted({answer.status_code for answer in answers}) in ([200, 400], [400])
    won = [answer.json for answer in answers if answer.status_code == 200]
    assert len(won) <= 1
    for body in won:
        assert client.userinfo(body["access_token"]).status_code == 401
        refused(client.refresh(body["refresh_token"]))


def test_the_resource_of_the_token_is_one_that_was_granted(provider: Provider) -> None:
    client = TokenClient(provider, resources=(SIGNING, "https://kho.example.gov.vn"))
    both = (SIGNING, "https://kho.example.gov.vn")
    access = parts(client.tokens(resources=(SIGNING,))["access_token"])[1]
    assert access["aud"] == SIGNING
    code = client.code(resources=both)
    refused(client.redeem(code), "invalid_target")
    refused(client.redeem(code, resource="https://khac.example.gov.vn"), "invalid_target")
    assert parts(client.redeem(code, resource=SIGNING).json["access_token"])[1]["aud"] == SIGNING
    userinfo = client.redeem(client.code(resources=both), resource=ISSUER).json
    assert client.userinfo(userinfo["access_token"]).status_code == 200


def test_a_fapi_clients_token_is_bound_to_its_key(provider: Provider) -> None:
    client = TokenClient(provider, DPOP, dpop=True)
    body = client.tokens()
    assert body["token_type"] == "DPoP"
    assert parts(body["access_token"])[1]["cnf"] == {"jkt": client.jkt()}
    refused(client.redeem(client.code(), proof=""), "invalid_dpop_proof")


def test_a_code_bound_to_a_key_wants_that_key(provider: Provider) -> None:
    """fapi2_sp_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt"""
    client = TokenClient(provider, DPOP, dpop=True)
    refused(client.redeem(client.code(dpop_jkt=s256("another key"))))
    assert client.redeem(client.code(dpop_jkt=client.jkt())).status_code == 200


def test_a_client_that_is_not_registered_for_codes_may_not_redeem(provider: Provider) -> None:
    client = TokenClient(provider, replace(BASELINE, grant_types=("client_credentials",)))
    refused(client.redeem(client.code()), "unauthorized_client")
