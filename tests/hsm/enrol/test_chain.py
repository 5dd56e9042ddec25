"""A chain activates a credential only if it is this key's, for documents, valid, trusted, and of its kind."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from hsm.enrol.chain import check_chain
from hsm.enrol.errors import (
    ChainBroken,
    ChainForeign,
    ChainNotValidNow,
    ChainRefused,
    ChainTrainingMismatch,
    ChainWrongPurpose,
)
from hsm.enrol.order import MAX_CHAIN_BYTES, order_chain, read_certificates
from hsm.enrol.training import TRAINING_POLICY, is_training
from hsm.errors import ActMalformed, HsmError

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def _check(pki, chain, *, anchors=None, training=False, training_allowed=False, now=NOW, spki=None):
    check_chain(
        chain,
        spki=spki or pki.spki,
        anchors=[pki.root] if anchors is None else anchors,
        training=training,
        training_allowed=training_allowed,
        now=now,
    )


@pytest.mark.parametrize("length", [2, 3])
def test_a_good_chain_passes_with_and_without_its_anchor(pki, length):
    _check(pki, pki.chain()[:length])


@pytest.mark.parametrize(
    "purposes", [(), ("1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2"), ("1.3.6.1.4.1.311.10.3.12",)]
)
def test_the_purposes_that_real_authorities_write_pass(pki, purposes):
    _check(pki, pki.chain(purposes=purposes, usage=("digital_signature", "content_commitment")))


def test_a_certificate_of_another_key_is_refused(pki, make_pki):
    """An attacker swaps the chain for that of a key outside the token."""
    with pytest.raises(ChainForeign):
        _check(pki, pki.chain(), spki=make_pki().spki)


def test_the_right_key_certified_by_an_untrusted_authority_is_refused(pki, make_pki):
    """An attacker has our key certified by a CA of their own, under the same names."""
    theirs = make_pki()
    theirs.key = pki.key
    with pytest.raises(ChainBroken):
        _check(pki, theirs.chain())


def test_an_intermediate_alone_is_no_anchor(pki):
    with pytest.raises(ChainBroken):
        _check(pki, pki.chain(), anchors=[])


def test_a_missing_or_misplaced_issuer_is_refused(pki):
    leaf, issuing, root = pki.chain()
    for chain in ([], [leaf], [leaf, root], [leaf, root, issuing], [leaf, issuing, issuing]):
        with pytest.raises(ChainBroken):
            _check(pki, chain)


def test_the_issuers_certificate_first_is_refused(pki):
    with pytest.raises(ChainForeign):
        _check(pki, [pki.issuing, pki.root])


@pytest.mark.parametrize("moment", [NOW - timedelta(days=1, seconds=1), NOW + timedelta(days=365, seconds=1)])
def test_outside_its_validity_it_is_refused(pki, moment):
    with pytest.raises(ChainNotValidNow):
        _check(pki, pki.chain(), now=moment)


def test_below_an_expired_ca_it_is_refused(make_pki):
    pki = make_pki(issuing_days=-1)
    with pytest.raises(ChainBroken):
        _check(pki, pki.chain())


@pytest.mark.parametrize(
    "bends",
    [
        {"usage": ()},
        {"usage": ("digital_signature",)},
        {"usage": ("content_commitment", "key_cert_sign")},
        {"ca": True},
        {"purposes": ("1.3.6.1.5.5.7.3.1",)},
        {"purposes": ("1.3.6.1.5.5.7.3.8",)},
        {"purposes": ("1.3.6.1.5.5.7.3.9",)},
    ],
)
def test_a_certificate_for_another_purpose_is_refused(pki, bends):
    with pytest.raises(ChainWrongPurpose):
        _check(pki, pki.chain(**bends))


def test_training_and_real_never_meet(pki):
    real, training = pki.chain(), pki.chain(policies=[TRAINING_POLICY])
    _check(pki, training, training=True, training_allowed=True)
    for chain, marked, allowed in (
        (training, False, True),
        (training, False, False),
        (training, True, False),
        (real, True, True),
    ):
        with pytest.raises(ChainTrainingMismatch):
            _check(pki, chain, training=marked, training_allowed=allowed)


def test_the_name_of_a_training_ca_is_mark_enough(make_pki):
    """Somebody re-issues training certificates without the policy."""
    assert is_training(make_pki(issuing="CA MẪU - Ấn Tín").chain())
    assert is_training(make_pki(root="CA gốc MẪU").chain()[:2])


def test_a_kindergarten_is_real(make_pki):
    pki = make_pki()
    chain = pki.chain(name="TRƯỜNG MẪU GIÁO HOA SEN")
    assert not is_training(chain)
    _check(pki, chain)


def test_certificates_come_into_order_whatever_the_authority_sent(pki, make_pki):
    leaf, issuing, root = pki.chain()
    stranger = make_pki().root
    assert order_chain([root, stranger, leaf, issuing, leaf], pki.spki) == [leaf, issuing, root]
    assert order_chain([leaf], pki.spki) == [leaf]
    with pytest.raises(ChainForeign):
        order_chain([issuing, root], pki.spki)


@pytest.mark.parametrize(
    "encode",
    [
        lambda chain: b"".join(each.public_bytes(Encoding.PEM) for each in chain),
        lambda chain: "Chứng thư\r\n".encode() + b"".join(each.public_bytes(Encoding.PEM) for each in chain),
        lambda chain: pkcs7.serialize_certificates(chain, Encoding.PEM),
        lambda chain: pkcs7.serialize_certificates(chain, Encoding.DER),
    ],
    ids=["pem", "pem with text", "p7b pem", "p7b der"],
)
def test_every_file_an_authority_sends_can_be_read(pki, encode):
    chain = pki.chain()
    assert set(read_certificates(encode(chain))) == set(chain)


def test_a_single_der_certificate_can_be_read(pki):
    leaf = pki.leaf()
    assert read_certificates(leaf.public_bytes(Encoding.DER)) == [leaf]


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"<html>", bytes(MAX_CHAIN_BYTES + 1)])
def test_what_is_no_chain_is_refused(data):
    with pytest.raises(ChainBroken):
        read_certificates(data)


def test_a_flood_of_certificates_is_refused(pki):
    with pytest.raises(ChainBroken):
        read_certificates(pki.root.public_bytes(Encoding.PEM) * 21)


def test_every_refusal_is_an_error_of_the_key_process():
    assert issubclass(ChainRefused, HsmError)
    assert issubclass(ChainRefused, ActMalformed)
