"""A SAD is redeemed by its client, for its credential and its digests, in the caller's order."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hsm.acts.act import ActItem, SignAct, parse_sign_act
from hsm.acts.redeem import Redeemer
from hsm.acts.signed_attributes import minimal_attributes
from hsm.acts.to_be_signed import ItemToSign
from hsm.errors import ActMalformed, GrantRefused, PolicyRefused
from tests.hsm.acts.conftest import NOW, ONE_STOP, House, bare_item, to_sign

OPEN = ActItem(b"", "whatever comes", "open")


def authorised(house: House, act: SignAct) -> str:
    return house.signing.authorize(act.encode(), house.approve(act.encode()), now=NOW).sad


@pytest.mark.parametrize(
    "redeemer", [Redeemer(""), Redeemer("other-client"), Redeemer("one-stop", "another-credential")]
)
def test_a_sad_of_another_client_or_credential_is_unknown(house: House, redeemer: Redeemer) -> None:
    act = house.act()
    sad = authorised(house, act)
    with pytest.raises(GrantRefused) as refused:
        house.signing.sign_granted(sad, redeemer, to_sign(act), now=NOW)
    with pytest.raises(GrantRefused):
        house.signing.extend(sad, redeemer, [], now=NOW)
    assert (refused.value.reason, house.key.uses) == ("unknown", 0)
    mine = Redeemer("one-stop", house.credential_id)
    assert house.signing.sign_granted(sad, mine, to_sign(act), now=NOW)


def test_digests_are_found_in_any_order_each_as_often_as_it_was_approved(house: House) -> None:
    act = house.act(bare_item("a"), bare_item("b"), bare_item("a"), bare_item("c"))
    sad = authorised(house, act)
    a, b, _, c = to_sign(act)
    house.signing.sign_granted(sad, ONE_STOP, [c, a, b], now=NOW)
    assert [entry["position"] for entry in house.signing_entries()] == [3, 0, 1]
    with pytest.raises(GrantRefused) as twice:
        house.signing.sign_granted(sad, ONE_STOP, [a, a], now=NOW)
    assert twice.value.reason == "digest"
    house.signing.sign_granted(sad, ONE_STOP, [a], now=NOW)
    assert house.key.uses == 4


def test_a_digest_that_was_not_approved_is_refused_and_spends_nothing(house: House) -> None:
    act = house.act(bare_item("a"), bare_item("b"))
    sad = authorised(house, act)
    with pytest.raises(GrantRefused) as refused:
        house.signing.sign_granted(
            sad, ONE_STOP, [*to_sign(act)[:1], *to_sign(house.act(bare_item("x")))], now=NOW
        )
    assert refused.value.reason == "digest"
    assert len(house.signing.sign_granted(sad, ONE_STOP, to_sign(act), now=NOW)) == 2


def test_an_extended_sad_replaces_the_old_one_and_covers_only_what_is_left(house: House) -> None:
    act = house.act(bare_item("a"), bare_item("b"))
    sad = authorised(house, act)
    a, b = to_sign(act)
    house.signing.sign_granted(sad, ONE_STOP, [a], now=NOW)
    with pytest.raises(GrantRefused):
        house.signing.extend(sad, ONE_STOP, [a.digest], now=NOW)
    with pytest.raises(GrantRefused):
        house.signing.extend(sad, ONE_STOP, [bare_item("x").digest], now=NOW)
    fresh = house.signing.extend(sad, ONE_STOP, [b.digest], now=NOW)
    assert fresh.expires_at == act.expires_at
    with pytest.raises(GrantRefused) as old:
        house.signing.sign_granted(sad, ONE_STOP, [b], now=NOW)
    assert old.value.reason == "unknown"
    house.signing.sign_granted(fresh.sad, ONE_STOP, [b], now=NOW)
    with pytest.raises(GrantRefused) as spent:
        house.signing.extend(fresh.sad, ONE_STOP, [], now=NOW)
    assert spent.value.reason == "spent"


def test_an_approved_digest_may_be_a_documents_but_a_documents_is_never_signed_bare(house: House) -> None:
    certificate = house.directory.get_credential(house.credential_id).certificates[0]
    digest = bare_item("a").digest
    attributes = minimal_attributes(digest, hashlib.sha256(certificate).digest())
    as_it_is = house.act()
    sad = authorised(house, as_it_is)
    [made] = house.signing.sign_granted(sad, ONE_STOP, [ItemToSign(signed_attributes=attributes)], now=NOW)
    house.certificate.public_key().verify(made.value, attributes, ec.ECDSA(hashes.SHA256()))  # type: ignore[union-attr, call-arg, arg-type]
    prepared = house.act(ActItem(digest, "a", "prepared"))
    with pytest.raises(ActMalformed):
        house.signing.sign_granted(authorised(house, prepared), ONE_STOP, to_sign(as_it_is), now=NOW)


def test_open_acts_are_refused_unless_the_key_profile_names_them(house: House) -> None:
    with pytest.raises(PolicyRefused) as refused:
        authorised(house, house.act(bare_item("a"), OPEN))
    assert "never-other-content" in refused.value.rules


def test_an_open_item_names_no_digest_and_has_one_form() -> None:
    act = House.act(_Nobody(), OPEN)  # type: ignore[arg-type]
    assert parse_sign_act(act.encode()) == act
    for spoiled in (b'"digest":"","kind":"open"', b'"kind":"dtbsr"'):
        with pytest.raises(ActMalformed):
            parse_sign_act(act.encode().replace(b'"kind":"open"', spoiled))


class _Nobody:
    credential_id = "c"


@pytest.mark.parametrize("salt_length", [0, 31, 33, 350])
def test_only_pss_keys_take_a_salt_of_another_length(house: House, salt_length: int) -> None:
    act = house.act()
    sad = authorised(house, act)
    with pytest.raises(ActMalformed):
        house.signing.sign_granted(sad, ONE_STOP, to_sign(act), salt_length=salt_length, now=NOW)
    assert house.key.uses == 0
