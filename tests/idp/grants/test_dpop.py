"""DPoP proofs (RFC 9449): the negatives of the conformance suite's dpop-negative-tests, and more."""

from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from idp.errors import InvalidDpopProof
from idp.protocol.dpop import Proof, check_proof, normalised_htu
from tests.idp.grants.token_client import DPOP, TokenClient
from tests.idp.provider import ISSUER, Provider
from tests.vectors.dpop.cases import CASES, DOCUMENT, NOW, proof_of


@pytest.fixture
def client(provider: Provider) -> TokenClient:
    return TokenClient(provider, DPOP, dpop=True)


def refused(client: TokenClient, proof: str, why: str) -> None:
    answer = client.redeem(client.code(), proof=proof)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_dpop_proof"), answer.text
    assert client.provider.events()[-1]["detail"] == why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": "x" * 257}, "jti"),
        ({"jti": 7}, "jti"),
        ({"htm": None}, "htm"),
        ({"htm": "GET"}, "htm"),
        ({"htm": "post"}, "htm"),
        ({"htu": None}, "htu"),
        ({"htu": f"{ISSUER}/token/"}, "htu"),
        ({"htu": f"{ISSUER}/userinfo"}, "htu"),
        ({"htu": "https://evil.example/token"}, "htu"),
        ({"htu": "https://sso.example.gov.vn@evil.example/token"}, "htu"),
        ({"htu": "http://sso.example.gov.vn/token"}, "htu"),
        ({"htu": f"{ISSUER}:8443/token"}, "htu"),
        ({"iat": None}, "iat"),
        ({"iat": "1"}, "iat"),
        ({"iat": True}, "iat"),
        ({"nonce": 7}, "nonce"),
    ],
)
def test_a_proof_without_or_with_a_wrong_claim_is_refused(
    client: TokenClient, changes: dict[str, Any], why: str
) -> None:
    refused(client, client.proof(**changes), why)


@pytest.mark.parametrize(
    ("seconds", "good"),
    [
        (-3600, False),
        (-61, False),
        (-60, True),
        (-10, True),
        (10, True),
        (11, False),
        (60, False),
        (3600, False),
    ],
)
def test_a_proof_is_made_now(client: TokenClient, seconds: int, good: bool) -> None:
    """fapi2_sp_final_ensure_dpopproof_with_iat_10seconds_before and _after succeed; an hour off fails."""
    iat = int(client.provider.clock().timestamp()) + seconds
    answer = client.redeem(client.code(), proof=client.proof(iat=iat))
    assert (answer.status_code == 200) == good


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_exp_and_nbf_of_a_proof_are_taken_at_their_word(client: TokenClient, seconds: int) -> None:
    now = int(client.provider.clock().timestamp())
    sound = {"exp": now + 3600, "nbf": now - 3600}
    assert client.redeem(client.code(), proof=client.proof(**sound)).status_code == 200
    refused(
        client,
        client.proof(**{"exp" if seconds < 0 else "nbf": now + seconds}),
        "exp" if seconds < 0 else "nbf",
    )


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"typ": None}, "typ"),
        ({"typ": "JWT"}, "typ"),
        ({"typ": "client-authentication+jwt"}, "typ"),
        ({"jwk": None}, "jwk"),
        ({"jwk": "x"}, "jwk"),
        ({"jwk": {"kty": "EC"}}, "jwk"),
        ({"crit": ["b64"], "b64": True}, "crit"),
    ],
)
def test_a_proof_with_a_wrong_header_is_refused(
    client: TokenClient, header: dict[str, Any], why: str
) -> None:
    refused(client, client.proof(header=header), why)


def test_a_proof_never_shows_its_private_key(client: TokenClient) -> None:
    assert client.dpop is not None
    refused(client, client.proof(header={"jwk": dict(client.dpop.as_dict(private=True))}), "jwk")


def test_a_proof_carries_the_key_that_signed_it(client: TokenClient) -> None:
    other = dict(ECKey.generate_key("P-256").as_dict(private=False))
    refused(client, client.proof(header={"jwk": other}), "signature")


def test_a_symmetric_or_weak_key_proves_nothing(client: TokenClient) -> None:
    shared = OctKey.generate_key(256)
    refused(client, client.proof(key=shared, header={"alg": "HS256", "jwk": shared.as_dict()}), "alg")
    rsa = RSAKey.generate_key(2048)
    refused(client, client.proof(key=rsa, header={"alg": "RS256"}), "alg")


def test_an_unsigned_proof_proves_nothing(client: TokenClient) -> None:
    header, payload, _ = client.proof(header={"alg": "ES256"}).split(".")
    refused(client, f"{header}.{payload}.", "shape")
    refused(client, "x.y", "shape")


def test_each_algorithm_of_the_list_is_taken(provider: Provider) -> None:
    client = TokenClient(provider, DPOP, dpop=True)
    rsa = RSAKey.generate_key(2048)
    answer = client.redeem(client.code(), proof=client.proof(key=rsa, header={"alg": "PS256"}))
    assert answer.status_code == 200, answer.text


def test_two_proofs_are_none(client: TokenClient) -> None:
    """RFC 9449 §4.3 rule 1; a server may have joined the two headers with a comma."""
    refused(client, f"{client.proof()}, {client.proof()}", "several proofs")
    form = client.system.form(
        grant_type="authorization_code", code=client.code(), code_verifier=client.verifier,
    )  # fmt: skip
    headers = [("DPoP", client.proof()), ("DPoP", client.proof())]
    answer = client.provider.client.post("/token", data=form, headers=headers)
    assert answer.json["error"] in ("invalid_dpop_proof", "invalid_grant")
    assert answer.status_code == 400


def test_a_proof_is_used_once(client: TokenClient) -> None:
    proof = client.proof()
    assert client.redeem(client.code(), proof=proof).status_code == 200
    refused(client, proof, "jti used")


@pytest.mark.parametrize("suffix", ["?x=1", "#part"])
def test_query_and_fragment_of_htu_are_ignored(client: TokenClient, suffix: str) -> None:
    answer = client.redeem(client.code(), proof=client.proof(htu=f"{ISSUER}/token{suffix}"))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://SSO.example.gov.vn/token", "https://sso.example.gov.vn/token", True),
        ("HTTPS://sso.example.gov.vn:443/token", "https://sso.example.gov.vn/token", True),
        ("https://sso.example.gov.vn/%74oken", "https://sso.example.gov.vn/token", True),
        ("https://sso.example.gov.vn", "https://sso.example.gov.vn/", True),
        ("https://sso.example.gov.vn/a%2Ftoken", "https://sso.example.gov.vn/a/token", False),
        ("https://sso.example.gov.vn/Token", "https://sso.example.gov.vn/token", False),
        ("https://sso.example.gov.vn:444/token", "https://sso.example.gov.vn/token", False),
    ],
)
def test_addresses_are_compared_as_rfc_3986_says(one: str, other: str, same: bool) -> None:
    assert (normalised_htu(one) == normalised_htu(other)) == same


@pytest.mark.parametrize("uri", [None, 7, "", "/token", "https://", "https://a:b/", "https://u@h/"])
def test_what_is_no_address_equals_nothing(uri: object) -> None:
    assert normalised_htu(uri) == ""


def test_a_nonce_is_asked_for_when_the_settings_say_so(
    tmp_path: Any, redis_url: str, shared_keys: Any
) -> None:
    provider = Provider(tmp_path, redis_url=redis_url, key_process=shared_keys.target, dpop_nonce=True)
    client = TokenClient(provider, DPOP, dpop=True)
    code = client.code()
    answer = client.redeem(code)
    assert (answer.status_code, answer.json["error"]) == (400, "use_dpop_nonce")
    nonce = answer.headers["DPoP-Nonce"]
    assert client.redeem(code, proof=client.proof(nonce="x" * 43)).json["error"] == "use_dpop_nonce"
    provider.clock.pass_(seconds=30)
    assert client.redeem(code, proof=client.proof(nonce=nonce)).status_code == 200
    provider.clock.pass_(minutes=5)
    assert client.redeem(client.code(), proof=client.proof(nonce=nonce)).json["error"] == "use_dpop_nonce"


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_a_proof_is_judged_as_the_signing_service_judges_it(case: dict[str, Any]) -> None:
    def judge() -> Proof:
        htu = DOCUMENT["origin"] + DOCUMENT["path"]
        return check_proof(
            [proof_of(case)], method=DOCUMENT["method"], htu=htu, now=NOW, access_token=DOCUMENT["token"]
        )

    if not case["refused"]:
        assert judge().jti
        return
    with pytest.raises(InvalidDpopProof) as caught:
        judge()
    assert caught.value.detail == case["refused"]
