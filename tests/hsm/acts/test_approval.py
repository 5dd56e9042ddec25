"""What approves an act, and everything that must not."""

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from hsm.acts.act import ActItem
from hsm.acts.approval import Approval, verify_admin_approvals
from hsm.acts.directory import token_jwk
from hsm.acts.signed_attributes import minimal_attributes
from hsm.acts.to_be_signed import ItemToSign
from hsm.errors import ActRefused, ApprovalRefused, GrantRefused, PolicyRefused
from tests.hsm.acts.conftest import NOW, RESOURCE, House, jws_input

FILE = hashlib.sha256(b"the file as the client sent it").digest()
DIGEST = hashlib.sha256(b"prepared").digest()


def _b64(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _act(house: House, **changes: Any) -> bytes:
    return house.act(ActItem(DIGEST, "Giấy tiếp nhận", source=FILE), **changes).encode()


def _attributes(house: House) -> list[ItemToSign]:
    certificate_digest = hashlib.sha256(
        house.directory.get_credential(house.credential_id).certificates[0]
    ).digest()
    return [ItemToSign(signed_attributes=minimal_attributes(DIGEST, certificate_digest))]


class TestClientJws:
    """RFC 8725: what a JWS may not get away with."""

    def test_the_unsigned_and_the_symmetric_are_refused(self, house: House) -> None:
        act = house.act().encode()
        key = house.clients["one-stop"]
        kid = key.thumbprint()
        payload = base64.urlsafe_b64encode(act).rstrip(b"=").decode()
        header = {"kid": kid, "typ": "antin-act+jws"}
        public = key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        forged = jws.serialize_compact(
            {**header, "alg": "HS256"}, act, OctKey.import_key(public[:64].hex()), algorithms=["HS256"]
        )
        for evidence in (f"{_b64({**header, 'alg': 'none'})}.{payload}.", forged):
            with pytest.raises(ApprovalRefused):
                house.signing.authorize(act, Approval("client_jws", evidence), now=NOW)

    def test_a_key_in_the_header_is_not_read(self, house: House) -> None:
        act = house.act().encode()
        own = ECKey.generate_key("P-256")
        for claimed in (own.thumbprint(), house.clients["one-stop"].thumbprint()):
            header = {
                "alg": "ES256",
                "kid": claimed,
                "typ": "antin-act+jws",
                "jwk": own.as_dict(private=False),
            }
            evidence = jws.serialize_compact(header, act, own, algorithms=["ES256"])
            with pytest.raises(ApprovalRefused):
                house.signing.authorize(act, Approval("client_jws", evidence), now=NOW)

    @pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": "at+jwt"}, {"crit": ["x"], "x": 1}])
    def test_another_type_or_an_unknown_critical_header_is_refused(
        self, house: House, header: dict[str, Any]
    ) -> None:
        act = house.act().encode()
        key = house.clients["one-stop"]
        full = {"alg": "ES256", "kid": key.thumbprint(), "typ": "antin-act+jws", **header}
        signing_input = f"{_b64(full)}.{base64.urlsafe_b64encode(act).rstrip(b'=').decode()}"
        signature = jws.JWSRegistry.algorithms["ES256"].sign(signing_input.encode(), key)
        evidence = f"{signing_input}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
        with pytest.raises(ApprovalRefused):
            house.signing.authorize(act, Approval("client_jws", evidence), now=NOW)

    def test_a_token_of_our_own_issuer_is_no_clients_approval(self, house: House) -> None:
        token = house.access_token([FILE])
        with pytest.raises(ApprovalRefused):
            house.signing.authorize(_act(house), Approval("client_jws", token.evidence), now=NOW)


class TestAccessToken:
    """The lowest kind: bound to the file, the credential and the client, each file once."""

    def test_it_signs_the_file_that_it_names_once(self, house: House) -> None:
        token = house.access_token([FILE])
        act = _act(house)
        house.signing.sign_approved(act, token, _attributes(house), now=NOW)
        with pytest.raises(GrantRefused):
            house.signing.sign_approved(act, token, _attributes(house), now=NOW)
        with pytest.raises(GrantRefused):  # another act of the same file: a new nonce does not help
            house.signing.sign_approved(_act(house), token, _attributes(house), now=NOW)
        assert house.key.uses == 1

    def test_a_file_that_it_does_not_name_is_refused(self, house: House) -> None:
        for sources in ([], [hashlib.sha256(b"another").digest()]):
            with pytest.raises(ApprovalRefused):
                house.signing.sign_approved(
                    _act(house), house.access_token(sources), _attributes(house), now=NOW
                )

    def test_an_item_without_a_source_is_refused(self, house: House) -> None:
        act = house.act(ActItem(DIGEST, "x")).encode()
        with pytest.raises(ApprovalRefused):
            house.signing.sign_approved(act, house.access_token([FILE]), _attributes(house), now=NOW)

    def test_one_file_cannot_stand_for_two_items(self, house: House) -> None:
        act = house.act(ActItem(DIGEST, "x", source=FILE), ActItem(FILE, "y", source=FILE)).encode()
        with pytest.raises(ApprovalRefused):
            house.signing.sign_approved(act, house.access_token([FILE]), _attributes(house) * 2, now=NOW)

    def test_a_bare_hash_is_refused_by_policy(self, house: House) -> None:
        act = house.act(ActItem(DIGEST, "x", "dtbsr", FILE)).encode()
        with pytest.raises(PolicyRefused):
            house.signing.sign_approved(act, house.access_token([FILE]), [ItemToSign(digest=DIGEST)], now=NOW)

    def test_a_profile_that_does_not_list_it_refuses_it(self, house: House) -> None:
        seal = house.add_credential("organisation-seal", "one-stop")
        token = house.access_token(
            [], authorization_details=[{
                "type": "antin_sign", "credentialID": seal, "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
                "documentDigests": [{"hash": base64.b64encode(FILE).decode(), "label": "x"}],
            }],
        )  # fmt: skip
        with pytest.raises(PolicyRefused):
            house.signing.sign_approved(_act(house, credential_id=seal), token, _attributes(house), now=NOW)

    @pytest.mark.parametrize(
        "claims",
        [
            {"aud": "https://elsewhere.test"}, {"aud": []}, {"aud": None}, {"client_id": "other-client"},
            {"exp": int(NOW.timestamp())}, {"exp": "never"}, {"iat": int(NOW.timestamp()) + 60},
            {"jti": None}, {"jti": ""}, {"authorization_details": None}, {"authorization_details": [{}]},
            {"authorization_details": {}}, {"authorization_details": [{"type": "antin_sign"}]},
        ],
        ids=str,
    )  # fmt: skip
    def test_another_or_an_expired_token_is_refused(self, house: House, claims: dict[str, Any]) -> None:
        with pytest.raises(ApprovalRefused):
            house.signing.sign_approved(
                _act(house), house.access_token([FILE], **claims), _attributes(house), now=NOW
            )
        assert house.key.uses == 0

    @pytest.mark.parametrize(
        "cnf", [{"jkt": "x" * 43}, {"x5t#S256": "x" * 43}, {"jwk": {}}, {}, None, ""], ids=str
    )
    def test_a_token_bound_to_a_key_is_refused_as_such(self, house: House, cnf: Any) -> None:
        with pytest.raises(ApprovalRefused, match="bound to a key") as caught:
            house.signing.sign_approved(
                _act(house), house.access_token([FILE], cnf=cnf), _attributes(house), now=NOW
            )
        assert caught.value.detail == "cnf"
        assert house.key.uses == 0

    def test_an_audience_list_that_names_us_is_fine(self, house: House) -> None:
        token = house.access_token([FILE], aud=["https://elsewhere.test", RESOURCE])
        assert house.signing.sign_approved(_act(house), token, _attributes(house), now=NOW)

    def test_a_released_file_can_be_signed_with_the_same_token(self, house: House) -> None:
        token = house.access_token([FILE])
        house.key.fail = RuntimeError("the token went away")
        with pytest.raises(RuntimeError):
            house.signing.sign_approved(_act(house), token, _attributes(house), now=NOW)
        house.key.fail = None
        assert house.signing.sign_approved(_act(house), token, _attributes(house), now=NOW)


class TestTokensOfTheIdentityProvider:
    def test_a_token_of_another_issuer_is_not_signed(self, house: House) -> None:
        kid = token_jwk(house.directory.token_credentials()[0]).thumbprint()
        header = {"alg": "ES256", "kid": kid, "typ": "at+jwt"}
        for bad_header, claims in (
            (header, {"iss": "https://evil.test"}),
            (header, {}),
            ({**header, "typ": "antin-act+jws"}, {"iss": "https://idp.test"}),
            ({**header, "alg": "none"}, {"iss": "https://idp.test"}),
            ({**header, "kid": "x"}, {"iss": "https://idp.test"}),
        ):
            with pytest.raises(ActRefused):
                house.tokens.sign(kid, jws_input(bad_header, claims), now=NOW)
        for raw in (b"", b"a.b.c", b"\x31\x81\x84", b"."):
            with pytest.raises(ActRefused):
                house.tokens.sign(kid, raw, now=NOW)
        assert house.token_key.uses == 0

    def test_every_token_is_in_the_journal_before_it_exists(self, house: House) -> None:
        house.access_token([FILE])
        intent, outcome = house.entries()
        assert intent["kind"] == "token"
        assert outcome["intents"][0]["index"] == 0

    def test_a_document_key_never_signs_tokens_nor_a_token_key_documents(self, house: House) -> None:
        with pytest.raises(ActRefused):
            house.tokens.sign("no-such-kid", jws_input({"alg": "ES256"}, {}), now=NOW)
        act = house.act(credential_id="oidc").encode()
        with pytest.raises(PolicyRefused):
            house.signing.authorize(act, house.approve(act), now=NOW)


def test_one_administrator_counts_once(house: House) -> None:
    class TwoKeys:
        def get_admin_key(self, kid: str) -> Any:
            return "admin-1", house.directory.get_client_key(kid)[1]

    act = house.act().encode()
    approval = Approval("admin_jws", house.approve(act).evidence)
    other = Approval("admin_jws", house.approve(act, "other-client").evidence)
    with pytest.raises(ApprovalRefused, match="twice"):
        verify_admin_approvals([approval, other], act, TwoKeys())  # type: ignore[arg-type]
