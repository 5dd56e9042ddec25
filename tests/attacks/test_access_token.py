"""Access tokens: of another issuer, for another, too late, twice, or for what nobody named."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey

from hsm.client import ActRefused, Approval, ApprovalRefused, Item, PolicyRefused
from tests.attacks.scene import FILE, OTHER_CLIENT, Scene, b64, bare, jws_input, signed_by

NOW = int(time.time())
CLAIMS: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "https://elsewhere.test"},
    "an audience that begins like ours": {"aud": "http://127.0.0.1:80820"},
    "no audience": {"aud": None},
    "an empty list of audiences": {"aud": []},
    "another client": {"client_id": OTHER_CLIENT},
    "an expiry that is over": {"exp": NOW - 1},
    "an expiry that is a word": {"exp": "never"},
    "an expiry of true": {"exp": True},
    "an issue an hour from now": {"iat": NOW + 3600, "exp": NOW + 7200},
    "no id": {"jti": None},
    "an empty id": {"jti": ""},
    "no authorization details": {"authorization_details": None},
    "authorization details that are an object": {"authorization_details": {}},
    "empty authorization details": {"authorization_details": [{}]},
}


@pytest.fixture
def act(scene: Scene) -> Any:
    return scene.act(scene.prepared())


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS.keys())
def test_a_token_has(scene: Scene, act: Any, claims: dict[str, Any]) -> None:
    token = scene.access_token(**claims)
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, token, scene.attributes(act))


DETAILS: dict[str, Callable[[Scene], dict[str, Any]]] = {
    "another credential": lambda scene: {"credentialID": scene.other_seal},
    "another file": lambda scene: scene.detail(bytes(32)),
    "another type of detail": lambda _: {"type": "payment_initiation"},
    "another hash algorithm": lambda _: {"hashAlgorithmOID": "1.3.14.3.2.26"},
    "no file": lambda _: {"documentDigests": []},
    "the digest of the prepared bytes in place of the file's": lambda scene: scene.detail(
        scene.prepared().digest
    ),
}


@pytest.mark.parametrize("changes", DETAILS.values(), ids=DETAILS.keys())
def test_a_token_names(scene: Scene, act: Any, changes: Callable[[Scene], dict[str, Any]]) -> None:
    token = scene.access_token(authorization_details=[{**scene.detail(), **changes(scene)}])
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, token, scene.attributes(act))


FORGED: dict[str, Callable[[Scene], str]] = {
    "a key of the attacker's own": lambda scene: signed_by(
        key := ECKey.generate_key("P-256"),
        {**scene.token_header(), "kid": key.thumbprint()},
        scene.token_claims(),
    ),
    "the attacker's key under our kid": lambda scene: signed_by(
        ECKey.generate_key("P-256"), scene.token_header(), scene.token_claims()
    ),
    "another issuer's claims and key": lambda scene: signed_by(
        ECKey.generate_key("P-256"), scene.token_header(), scene.token_claims(iss="https://evil.test")
    ),
    "the victim's approval key": lambda scene: signed_by(
        scene.keys["nan-nhan"],
        {**scene.token_header(), "kid": scene.keys["nan-nhan"].thumbprint()},
        scene.token_claims(),
    ),
    "no signature, alg none": lambda scene: (
        jws_input({**scene.token_header(), "alg": "none"}, scene.token_claims()) + b"."
    ).decode(),
    "alg HS256": lambda scene: (
        jws_input({**scene.token_header(), "alg": "HS256"}, scene.token_claims()) + b"." + b64(bytes(32))
    ).decode(),
    "an empty signature": lambda scene: (
        jws_input(scene.token_header(), scene.token_claims()) + b"."
    ).decode(),
    "the signature of another token": lambda scene: (
        jws_input(scene.token_header(), scene.token_claims()).decode()
        + "."
        + scene.access_token().evidence.rpartition(".")[2]
    ),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_token_is_signed_by(scene: Scene, act: Any, forge: Callable[[Scene], str]) -> None:
    token = Approval("access_token", forge(scene))
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, token, scene.attributes(act))


@pytest.mark.parametrize("typ", ["JWT", "logout+jwt", "token-introspection+jwt"])
def test_a_token_of_ours_of_another_type_approves(scene: Scene, act: Any, typ: str) -> None:
    """An ID token or a logout token with all the right claims is no access token."""
    signing_input = jws_input({**scene.token_header(), "typ": typ}, scene.token_claims())
    token = signing_input + b"." + b64(scene.idp.sign_token(scene.kid, signing_input))
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, Approval("access_token", token.decode()), scene.attributes(act))


def test_a_token_is_used_twice(scene: Scene) -> None:
    token = scene.access_token()
    first, second = (scene.act(scene.prepared(text)) for text in ("one rendering", "another rendering"))
    scene.sign(first, token, scene.attributes(first))
    for act in (first, second):
        with scene.nothing_happens(ActRefused):
            scene.sign(act, token, scene.attributes(act))


def test_a_token_is_used_twice_after_a_restart(scene: Scene) -> None:
    token = scene.access_token()
    first, second = (scene.act(scene.prepared(text)) for text in ("one", "another"))
    scene.sign(first, token, scene.attributes(first))
    scene.restart(kill=True)
    with scene.nothing_happens(ActRefused):
        scene.sign(second, token, scene.attributes(second))


def test_a_token_is_used_for_its_file_and_one_more(scene: Scene) -> None:
    act, token = (
        scene.act(scene.prepared("a"), scene.prepared("b", source=bytes(32))),
        scene.access_token(FILE),
    )
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, token, scene.attributes(act))


def test_a_token_is_used_for_a_bare_hash(scene: Scene) -> None:
    item = bare("a")
    token = scene.access_token(item.digest)
    for act in (scene.act(item), scene.act(replace(item, source=item.digest))):
        with scene.nothing_happens(ActRefused):
            scene.sign(act, token, [Item(digest=item.digest)])


def test_a_token_is_used_for_a_credential_whose_profile_does_not_list_it(scene: Scene) -> None:
    seal = scene.certified("organisation-seal", "nan-nhan")
    act = scene.act(scene.prepared(), credential_id=seal)
    token = scene.access_token(authorization_details=[scene.detail(credentialID=seal)])
    with scene.nothing_happens(PolicyRefused):
        scene.sign(act, token, scene.attributes(act))


def test_a_token_is_used_for_a_person(scene: Scene) -> None:
    """Whoever holds idp can make any token; a person's credential asks for the person."""
    act = scene.persons_act(scene.prepared())
    token = scene.access_token(authorization_details=[scene.detail(credentialID=scene.personal)])
    with scene.nothing_happens(PolicyRefused):
        scene.sign(act, token, scene.attributes(act))
