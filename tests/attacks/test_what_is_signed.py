"""What a key is handed must be what was approved: CMS attributes of this document, tokens of our issuer."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from hsm.acts.act import ActItem
from hsm.acts.signed_attributes import minimal_attributes
from hsm.client import ActMalformed, ActRefused, CredentialNotUsable, Item
from tests.attacks.scene import Scene, bare, jws_input


class Given:
    """The right document digest and certificate thumbprint; the right attributes."""

    def __init__(self, digest: bytes, thumbprint: bytes) -> None:
        self.digest, self.thumbprint = digest, thumbprint
        self.right = minimal_attributes(digest, thumbprint)

    def with_more(self, name: str, value: Any) -> bytes:
        attributes = cms.CMSAttributes.load(self.right)
        attributes.append(cms.CMSAttribute({"type": name, "values": [value]}))
        return _der(attributes)

    def without(self, name: str) -> bytes:
        kept = [one for one in cms.CMSAttributes.load(self.right) if one["type"].native != name]
        return _der(cms.CMSAttributes(kept))


def _der(attributes: cms.CMSAttributes) -> bytes:
    ordered = sorted(attributes, key=lambda one: one.dump())
    return bytes(cms.CMSAttributes(ordered).dump(force=True))


OTHER = hashlib.sha256(b"other").digest()
WRONG: dict[str, Callable[[Given], bytes]] = {
    "the digest of another document": lambda given: minimal_attributes(OTHER, given.thumbprint),
    "another certificate": lambda given: minimal_attributes(given.digest, OTHER),
    "a signing time": lambda given: given.with_more(
        "signing_time", cms.Time({"utc_time": core.UTCTime("261124080000Z")})
    ),
    "an attribute that nobody knows": lambda given: given.with_more(
        "1.2.3.4.5", core.OctetString(b"I owe you everything")
    ),
    "a second message digest": lambda given: given.with_more("message_digest", core.OctetString(OTHER)),
    "no message digest": lambda given: given.without("message_digest"),
    "no certificate": lambda given: given.without("signing_certificate_v2"),
    "no content type": lambda given: given.without("content_type"),
    "attributes in another order": lambda given: _reversed(given.right),
    "a byte more": lambda given: given.right + b"\0",
    "a byte less": lambda given: given.right[:-1],
    "a length in the indefinite form": lambda given: b"\x31\x80" + given.right[3:] + b"\0\0",
    "the protection of another algorithm": lambda given: given.with_more(
        "cms_algorithm_protection",
        cms.CMSAlgorithmProtection({
            "digest_algorithm": {"algorithm": "sha1"},
            "signature_algorithm": cms.SignedDigestAlgorithm({"algorithm": "sha1_ecdsa"}),
        }),
    ),
    "no attributes": lambda _: b"\x31\x00",
    "a JWS signing input": lambda given: jws_input({"alg": "ES256"}, {"sub": "x"}),
    "noise": lambda _: bytes(range(256)),
}  # fmt: skip


def _reversed(attributes: bytes) -> bytes:
    head, parts = attributes[:3], [one.dump() for one in cms.CMSAttributes.load(attributes)]
    return head + b"".join(reversed(parts))


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG.keys())
def test_signed_attributes_carry(scene: Scene, spoil: Callable[[Given], bytes]) -> None:
    item = scene.prepared(source=b"")
    act = scene.act(item)
    certificate = x509.load_der_x509_certificate(scene.admin.credential(scene.seal).certificates[0])
    spoilt = spoil(Given(item.digest, certificate.fingerprint(hashes.SHA256())))
    approval = scene.by_client(act)
    with scene.nothing_happens():
        scene.sign(act, approval, [Item(signed_attributes=spoilt)])
    assert scene.sign(act, approval, scene.attributes(act))


def test_a_bare_digest_is_signed_where_a_prepared_document_was_approved(scene: Scene) -> None:
    act = scene.act(scene.prepared())
    with scene.nothing_happens(ActMalformed):
        scene.sign(act, scene.by_client(act), [Item(digest=act.items[0].digest)])
    sad = scene.sad(act)
    with scene.nothing_happens(ActMalformed):
        scene.redeem(sad, [Item(digest=act.items[0].digest)])
    # Nor the digest of the attributes, which is what the key would sign.
    attributes = scene.attributes(act)[0].signed_attributes
    with scene.nothing_happens():
        scene.redeem(sad, [Item(digest=hashlib.sha256(attributes).digest())])


def test_an_open_item_is_approved_where_only_named_hashes_are_allowed(scene: Scene) -> None:
    act = scene.act(ActItem(b"", "whatever comes", "open"))
    with scene.nothing_happens():
        scene.sign(act, scene.by_client(act), [Item(digest=bare("evil").digest)])
    with scene.nothing_happens():
        scene.sad(act)


TOKENS: dict[str, Callable[[Scene], bytes]] = {
    "another issuer": lambda scene: jws_input(scene.token_header(), scene.token_claims(iss="https://evil")),
    "no issuer": lambda scene: jws_input(scene.token_header(), {"sub": "x"}),
    "an issuer in a list": lambda scene: jws_input(
        scene.token_header(), scene.token_claims(iss=[scene.process.issuer])
    ),
    "the type of an approval": lambda scene: jws_input(
        {**scene.token_header(), "typ": "antin-act+jws"}, scene.token_claims()
    ),
    "no type": lambda scene: jws_input({"alg": "ES256", "kid": scene.kid}, scene.token_claims()),
    "alg none": lambda scene: jws_input({**scene.token_header(), "alg": "none"}, scene.token_claims()),
    "another alg": lambda scene: jws_input({**scene.token_header(), "alg": "RS256"}, scene.token_claims()),
    "another kid": lambda scene: jws_input({**scene.token_header(), "kid": "x"}, scene.token_claims()),
    "three parts": lambda scene: jws_input(scene.token_header(), scene.token_claims()) + b".x",
    "one part": lambda _: b"eyJhbGciOiJFUzI1NiJ9",
    "CMS attributes": lambda _: minimal_attributes(OTHER, OTHER),
    "nothing": lambda _: b"",
    "a dot": lambda _: b".",
    "claims that are a list": lambda scene: jws_input(scene.token_header(), b"[]"),
    "65 KiB": lambda scene: jws_input(scene.token_header(), scene.token_claims(x="x" * 66_000)),
    "an administrative act": lambda scene: jws_input(scene.token_header(), b'{"type":"admin"}'),
}


@pytest.mark.parametrize("make", TOKENS.values(), ids=TOKENS.keys())
def test_the_identity_provider_has_a_token_signed_with(scene: Scene, make: Callable[[Scene], bytes]) -> None:
    with scene.nothing_happens():
        scene.idp.sign_token(scene.kid, make(scene))


def test_the_identity_provider_has_a_token_signed_by_a_documents_key(scene: Scene) -> None:
    signing_input = jws_input({**scene.token_header(), "kid": scene.seal}, scene.token_claims())
    with scene.nothing_happens(CredentialNotUsable):
        scene.idp.sign_token(scene.seal, signing_input)


def test_a_suspended_token_key_signs(scene: Scene) -> None:
    made = scene.process.perform(
        "create_credential",
        {"profile": "oidc-token", "holder": "idp", "description": "MẪU", "training": True},
    )
    named = {"credential_id": made["credential_id"]}
    scene.perform("activate_credential", named)
    signing_input = jws_input({**scene.token_header(), "kid": made["kid"]}, scene.token_claims())
    scene.idp.sign_token(made["kid"], signing_input)
    scene.perform("suspend_credential", named)
    with scene.nothing_happens(ActRefused):
        scene.idp.sign_token(made["kid"], signing_input)
