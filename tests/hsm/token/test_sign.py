"""What the token signs verifies outside it, by every algorithm its vendor has; and what it must not sign."""

import hashlib
import secrets

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from hsm.algorithms import KeyKind, SignatureAlgorithm
from hsm.errors import KeyNotFound, MechanismRefused
from hsm.token.token import Token, TokenKeyRef, WrappedKeyRef
from hsm.token.vendors import Vendor
from tests.hsm.token.signature_check import check_signature

ES256, PS256, RS256, EDDSA = SignatureAlgorithm
DIGEST = hashlib.sha256(b"what is signed").digest()
PAIRS = [
    (KeyKind.P256, ES256),
    (KeyKind.RSA3072, PS256),
    (KeyKind.RSA3072, RS256),
    (KeyKind.RSA2048, PS256),
    (KeyKind.ED25519, EDDSA),
]


@pytest.fixture(scope="session")
def blob(token: Token, kek: str) -> bytes:
    """A P-256 key wrapped under the KEK."""
    return token.generate_wrapped_key(kek, KeyKind.P256).blob


@pytest.mark.parametrize(("kind", "algorithm"), PAIRS)
def test_a_token_key_signs_what_openssl_verifies(
    token: Token, vendor: Vendor, label: str, kind: KeyKind, algorithm: SignatureAlgorithm
) -> None:
    if algorithm not in vendor.algorithms:
        with pytest.raises(MechanismRefused):
            token.generate_token_key(label, kind)
        return
    data = b"a whole message of any length" if algorithm is EDDSA else DIGEST
    spki = token.generate_token_key(label, kind)
    value = token.sign(TokenKeyRef(label), algorithm, data)
    check_signature(spki, algorithm, data, value)
    assert token.find_public_key(label) == spki
    with pytest.raises(InvalidSignature):
        check_signature(spki, algorithm, bytes(32), value)


@pytest.mark.parametrize(("kind", "algorithm"), PAIRS[:4])
def test_a_wrapped_key_signs_what_openssl_verifies(
    token: Token, kek: str, kind: KeyKind, algorithm: SignatureAlgorithm
) -> None:
    key = token.generate_wrapped_key(kek, kind)
    check_signature(key.spki, algorithm, DIGEST, token.sign(WrappedKeyRef(kek, key.blob), algorithm, DIGEST))


def test_one_unwrapping_signs_all_of_a_call_in_order(token: Token, kek: str) -> None:
    key = token.generate_wrapped_key(kek, KeyKind.P256)
    digests = [hashlib.sha256(bytes([number])).digest() for number in range(5)]
    values = token.sign_all(WrappedKeyRef(kek, key.blob), ES256, digests)
    for value, digest in zip(values, digests, strict=True):
        check_signature(key.spki, ES256, digest, value)
    with pytest.raises(MechanismRefused):
        token.sign_all(WrappedKeyRef(kek, key.blob), ES256, [*digests, b"short"])


def test_a_wrapped_key_leaves_no_object_behind(token: Token, kek: str, blob: bytes) -> None:
    before = token.labels()
    for _ in range(5):
        token.sign(WrappedKeyRef(kek, blob), ES256, DIGEST)
        token.generate_wrapped_key(kek, KeyKind.P256)
    assert token.labels() == before


@pytest.mark.parametrize("algorithm", [ES256, PS256, RS256])
@pytest.mark.parametrize("length", [0, 20, 31, 33, 64])
def test_only_a_digest_of_32_bytes_is_signed(
    token: Token, algorithm: SignatureAlgorithm, length: int
) -> None:
    with pytest.raises(MechanismRefused, match="32 bytes"):
        token.sign(TokenKeyRef("whatever"), algorithm, bytes(length))


def test_a_key_of_another_type_is_refused(token: Token, label: str, kek: str, blob: bytes) -> None:
    token.generate_token_key(label, KeyKind.P256)
    renewals = token.stats().reinitialisations
    with pytest.raises(MechanismRefused):
        token.sign(TokenKeyRef(label), PS256, DIGEST)
    with pytest.raises(MechanismRefused):
        token.sign(WrappedKeyRef(kek, blob), PS256, DIGEST)
    assert token.stats().reinitialisations == renewals


def test_an_algorithm_the_vendor_lacks_is_refused(token: Token, vendor: Vendor) -> None:
    for algorithm in set(SignatureAlgorithm) - vendor.algorithms:
        with pytest.raises(MechanismRefused):
            token.sign(TokenKeyRef("whatever"), algorithm, DIGEST)


@runs(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_a_tampered_blob_is_refused_and_the_token_is_not_blamed(
    token: Token, kek: str, blob: bytes, position: int, bit: int
) -> None:
    tampered = bytearray(blob)
    tampered[position % len(blob)] ^= 1 << bit
    renewals = token.stats().reinitialisations
    with pytest.raises(MechanismRefused):
        token.sign(WrappedKeyRef(kek, bytes(tampered)), ES256, DIGEST)
    assert token.stats().reinitialisations == renewals


@pytest.mark.parametrize("cut", [0, 8, 16, 72])
def test_a_blob_cut_short_or_made_up_is_refused(token: Token, kek: str, blob: bytes, cut: int) -> None:
    for wrong in (blob[:cut], secrets.token_bytes(len(blob)), blob + bytes(8)):
        with pytest.raises(MechanismRefused):
            token.sign(WrappedKeyRef(kek, wrong), ES256, DIGEST)


def test_a_blob_of_another_kek_is_refused(token: Token, label: str, blob: bytes) -> None:
    token.generate_kek(label)
    with pytest.raises(MechanismRefused):
        token.sign(WrappedKeyRef(label, blob), ES256, DIGEST)


def test_a_healthy_token_says_that_it_has_no_such_key(token: Token, kek: str, blob: bytes) -> None:
    assert token.find_public_key("nobody's") is None
    with pytest.raises(KeyNotFound):
        token.sign(TokenKeyRef("nobody's"), ES256, DIGEST)
    with pytest.raises(KeyNotFound):
        token.sign(WrappedKeyRef("no kek", blob), ES256, DIGEST)
    with pytest.raises(KeyNotFound):
        token.destroy_token_key("nobody's")
    with pytest.raises(KeyNotFound):  # a KEK is no signing key
        token.sign(TokenKeyRef(kek), ES256, DIGEST)


def test_a_destroyed_key_is_gone_at_once(token: Token, label: str) -> None:
    token.generate_token_key(label, KeyKind.P256)
    token.sign(TokenKeyRef(label), ES256, DIGEST)
    token.destroy_token_key(label)
    assert label not in token.labels()
    with pytest.raises(KeyNotFound):
        token.sign(TokenKeyRef(label), ES256, DIGEST)


def test_a_label_is_given_once(token: Token, label: str, kek: str) -> None:
    token.generate_token_key(label, KeyKind.P256)
    for taken in (label, kek):
        with pytest.raises(MechanismRefused, match="already"):
            token.generate_token_key(taken, KeyKind.P256)
        with pytest.raises(MechanismRefused, match="already"):
            token.generate_kek(taken)


def test_the_canary_is_made_once_and_signs(token: Token) -> None:
    token.make_canary()
    assert token.healthy()
    assert token.labels().count("antin-canary") == 1


@pytest.mark.parametrize("salt_length", [32, 33, 350])
def test_pss_signs_with_the_salt_that_is_asked_for(token: Token, label: str, salt_length: int) -> None:
    key = load_der_public_key(token.generate_token_key(label, KeyKind.RSA3072))
    assert isinstance(key, rsa.RSAPublicKey)
    value = token.sign(TokenKeyRef(label), PS256, DIGEST, salt_length)
    key.verify(value, DIGEST, padding.PSS(padding.MGF1(SHA256()), salt_length), Prehashed(SHA256()))
