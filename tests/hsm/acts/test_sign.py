"""A grant signs once, one digest, one credential, one algorithm, for one client: and nothing else signs."""

import hashlib
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from hsm.acts.act import ActItem, SignAct
from hsm.acts.approval import Approval
from hsm.acts.signed_attributes import minimal_attributes
from hsm.acts.to_be_signed import ItemToSign
from hsm.algorithms import SignatureAlgorithm
from hsm.errors import (
    ActMalformed,
    ActRefused,
    ApprovalRefused,
    CredentialNotUsable,
    GrantRefused,
    PolicyRefused,
    TokenUnavailable,
)
from tests.hsm.acts.conftest import NOW, ONE_STOP, House, bare_item, to_sign


def test_an_approved_hash_is_signed_and_its_intent_is_in_the_journal(house: House) -> None:
    act = house.act(bare_item("a"), bare_item("b"))
    made = house.signing.sign_approved(act.encode(), house.approve(act.encode()), to_sign(act), now=NOW)
    intents = house.signing_entries()
    assert [entry["position"] for entry in intents] == [0, 1]
    assert [signature.leaf_index for signature in made] == [0, 1]
    assert intents[0]["rules"]
    outcome = house.entries()[-1]
    assert [one["signature"] for one in outcome["intents"]] == [
        hashlib.sha256(s.value).hexdigest() for s in made
    ]


def test_signatures_come_in_the_order_of_the_act_and_duplicates_are_kept(house: House) -> None:
    act = house.act(*(bare_item(text) for text in "zabza"))
    made = house.signing.sign_approved(act.encode(), house.approve(act.encode()), to_sign(act), now=NOW)
    public = house.key.private.public_key()
    for item, signature in zip(act.items, made, strict=True):
        public.verify(signature.value, item.digest, ec.ECDSA(_prehashed()))


def test_a_used_approval_cannot_sign_again(house: House) -> None:
    act = house.act()
    approval = house.approve(act.encode())
    house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
    with pytest.raises(GrantRefused):
        house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
    with pytest.raises(GrantRefused):
        house.signing.authorize(act.encode(), approval, now=NOW)
    assert house.key.uses == 1


def test_a_used_sad_cannot_sign_again_and_a_part_of_it_signs_once(house: House) -> None:
    act = house.act(bare_item("a"), bare_item("b"), bare_item("c"))
    sad = house.signing.authorize(act.encode(), house.approve(act.encode()), now=NOW).sad
    items = to_sign(act)
    house.signing.sign_granted(sad, ONE_STOP, [items[1]], positions=[1], now=NOW)
    with pytest.raises(GrantRefused):
        house.signing.sign_granted(sad, ONE_STOP, items, now=NOW)  # all or none: b is used
    assert house.key.uses == 1
    house.signing.sign_granted(sad, ONE_STOP, [items[0], items[2]], positions=[0, 2], now=NOW)
    with pytest.raises(GrantRefused):
        house.signing.sign_granted(sad, ONE_STOP, [items[0]], positions=[0], now=NOW)


def test_a_hundred_threads_with_one_approval_get_one_signature(house: House) -> None:
    act = house.act()
    approval = house.approve(act.encode())
    results: list[str] = []

    def attempt() -> None:
        try:
            house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
            results.append("signed")
        except GrantRefused:
            results.append("refused")

    threads = [threading.Thread(target=attempt) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("signed") == 1
    assert results.count("refused") == 99
    assert house.key.uses == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda act: replace(act, items=(bare_item("other"),)),
        lambda act: replace(act, items=(*act.items, bare_item("added"))),
        lambda act: replace(act, items=act.items[:1]),
        lambda act: replace(act, items=tuple(reversed(act.items))),
        lambda act: replace(act, items=(replace(act.items[0], title="another title"), act.items[1])),
        lambda act: replace(act, expires_at=act.expires_at + 1),
        lambda act: replace(act, document_kind="receipt"),
        lambda act: replace(act, act_id="another"),
    ],
    ids=["swapped", "added", "dropped", "reordered", "retitled", "prolonged", "other kind", "other id"],
)
def test_an_approval_of_another_act_is_refused(house: House, change: object) -> None:
    act = house.act(bare_item("a"), bare_item("b"))
    changed: SignAct = change(act)  # type: ignore[operator]
    with pytest.raises(ApprovalRefused):
        house.signing.sign_approved(changed.encode(), house.approve(act.encode()), to_sign(changed), now=NOW)
    assert house.key.uses == 0
    assert house.entries() == []


def test_a_hash_that_was_not_approved_is_refused(house: House) -> None:
    act = house.act(bare_item("a"), bare_item("b"))
    approval = house.approve(act.encode())
    good = to_sign(act)
    for items in (
        [good[1], good[0]], good[:1], [*good, good[0]], [],
        [good[0], ItemToSign(digest=hashlib.sha256(b"evil").digest())], [good[0], ItemToSign()],
    ):  # fmt: skip
        with pytest.raises(ActRefused):
            house.signing.sign_approved(act.encode(), approval, items, now=NOW)
    assert house.key.uses == 0


def test_another_clients_approval_is_refused(house: House) -> None:
    act = house.act().encode()
    with pytest.raises(ApprovalRefused):
        house.signing.sign_approved(
            act, house.approve(act, "other-client"), [ItemToSign(bare_item("a").digest)], now=NOW
        )


def test_another_clients_credential_is_refused_by_policy(house: House) -> None:
    act = house.act(client_id="other-client")
    with pytest.raises(PolicyRefused) as refusal:
        house.signing.sign_approved(
            act.encode(), house.approve(act.encode(), "other-client"), to_sign(act), now=NOW
        )
    assert "never-foreign-credential" in refusal.value.rules


def test_another_algorithm_is_refused(house: House) -> None:
    act = house.act(algorithm=SignatureAlgorithm.PS256)
    with pytest.raises(CredentialNotUsable):
        house.signing.sign_approved(act.encode(), house.approve(act.encode()), to_sign(act), now=NOW)


@pytest.mark.parametrize("state", ["created", "suspended", "revoked", "destroyed"])
def test_a_credential_that_is_not_active_does_not_sign(house: House, state: str) -> None:
    act = house.act(credential_id=house.add_credential("service-seal", "one-stop", state=state))
    with pytest.raises(CredentialNotUsable):
        house.signing.sign_approved(act.encode(), house.approve(act.encode()), to_sign(act), now=NOW)


@pytest.mark.parametrize("days", [-3, 3])
def test_a_certificate_out_of_its_time_does_not_sign(house: House, days: int) -> None:
    moment = NOW + timedelta(days=days)
    issued = int(moment.timestamp())
    act = house.act(issued_at=issued, expires_at=issued + 300)
    with pytest.raises(CredentialNotUsable):
        house.signing.sign_approved(act.encode(), house.approve(act.encode()), to_sign(act), now=moment)


@pytest.mark.parametrize(("issued", "lives"), [(-301, 300), (-300, 300), (61, 300), (0, 0), (0, 901)])
def test_an_act_out_of_its_time_is_refused(house: House, issued: int, lives: int) -> None:
    start = int(NOW.timestamp()) + issued
    act = house.act(issued_at=start, expires_at=start + lives)
    with pytest.raises(ActRefused):
        house.signing.sign_approved(act.encode(), house.approve(act.encode()), to_sign(act), now=NOW)


def test_an_expired_sad_is_refused(house: House) -> None:
    act = house.act()
    sad = house.signing.authorize(act.encode(), house.approve(act.encode()), now=NOW).sad
    with pytest.raises(GrantRefused, match="expired"):
        house.signing.sign_granted(sad, ONE_STOP, to_sign(act), now=NOW + timedelta(seconds=300))


def test_an_unknown_sad_is_refused(house: House) -> None:
    with pytest.raises(GrantRefused):
        house.signing.sign_granted("guess", ONE_STOP, [ItemToSign(digest=b"0" * 32)], now=NOW)


def test_positions_outside_the_act_are_refused(house: House) -> None:
    act = house.act()
    sad = house.signing.authorize(act.encode(), house.approve(act.encode()), now=NOW).sad
    for positions in ([1], [0, 0], [2**31]):
        with pytest.raises(ActMalformed):
            house.signing.sign_granted(
                sad, ONE_STOP, to_sign(act) * len(positions), positions=positions, now=NOW
            )


def test_when_the_token_fails_nothing_is_lost_and_the_approval_signs_later(house: House) -> None:
    act = house.act()
    approval = house.approve(act.encode())
    house.key.fail = TokenUnavailable("away")
    with pytest.raises(TokenUnavailable):
        house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
    assert house.entries()[-1]["intents"] == [{"index": 0, "failed": "TokenUnavailable"}]
    house.key.fail = None
    assert len(house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)) == 1
    with pytest.raises(GrantRefused):
        house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)


def test_a_signature_by_another_key_does_not_leave(house: House) -> None:
    """After a token reset a cached handle may be somebody else's key."""
    house.key.used_by = ec.generate_private_key(ec.SECP256R1())
    act = house.act()
    with pytest.raises(TokenUnavailable):
        house.signing.sign_approved(act.encode(), house.approve(act.encode()), to_sign(act), now=NOW)


def test_the_intent_is_durable_before_the_key_is_used(house: House) -> None:
    seen: list[int] = []
    house.key.before = lambda: seen.append(len(house.log.entries(0, 10)))
    act = house.act()
    house.signing.sign_approved(act.encode(), house.approve(act.encode()), to_sign(act), now=NOW)
    assert seen == [1]


def test_a_prepared_document_is_signed_by_its_attributes_only(house: House) -> None:
    digest = hashlib.sha256(b"document").digest()
    act = house.act(ActItem(digest, "Quyết định"))
    certificate_digest = house.certificate.fingerprint(hashes.SHA256())
    good = minimal_attributes(digest, certificate_digest)
    for wrong in (
        ItemToSign(digest=digest),
        ItemToSign(
            signed_attributes=minimal_attributes(hashlib.sha256(b"other").digest(), certificate_digest)
        ),
        ItemToSign(signed_attributes=minimal_attributes(digest, hashlib.sha256(b"other").digest())),
        ItemToSign(signed_attributes=good + b"\0"),
        ItemToSign(signed_attributes=good[:-1]),
        ItemToSign(digest=digest, signed_attributes=good),
    ):
        with pytest.raises(ActRefused):
            house.signing.sign_approved(act.encode(), house.approve(act.encode()), [wrong], now=NOW)
    assert house.key.uses == 0
    made = house.signing.sign_approved(
        act.encode(), house.approve(act.encode()), [ItemToSign(signed_attributes=good)], now=NOW
    )
    house.key.private.public_key().verify(made[0].value, good, ec.ECDSA(hashes.SHA256()))


def test_malformed_and_empty_approvals_are_refused(house: House) -> None:
    act = house.act().encode()
    good = house.approve(act).evidence
    header, payload, signature = good.split(".")
    for evidence in (
        "",
        ".",
        "..",
        "a.b.c",
        good[:-4] + "AAAA",
        f"{header}..{signature}",
        f"{header}.{payload}.",
        "é",
    ):
        with pytest.raises(ApprovalRefused):
            house.signing.authorize(act, Approval("client_jws", evidence), now=NOW)
    for kind in ("", "passkey", "admin_jws", "none"):
        with pytest.raises(ApprovalRefused):
            house.signing.authorize(act, Approval(kind, good), now=NOW)


def _prehashed() -> object:
    return Prehashed(hashes.SHA256())
