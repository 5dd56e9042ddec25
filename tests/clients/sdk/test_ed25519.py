"""The SDK's own Ed25519 verification, by RFC 8032 §7.1, against OpenSSL, and against altered signatures."""

import pytest
from antin.ed25519 import SignatureInvalid, check_signature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19

# RFC 8032 §7.1: TEST 1, TEST 2, TEST 3, TEST SHA(abc).
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
        "454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
        "3dca179c138ac17ad9bef1177331a704",
    ),
]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw()


@pytest.mark.parametrize(("public_key", "message", "signature"), VECTORS)
def test_the_vectors_of_rfc_8032_verify(public_key: str, message: str, signature: str) -> None:
    key, text, value = (bytes.fromhex(one) for one in (public_key, message, signature))
    check_signature(key, text, value)
    with pytest.raises(SignatureInvalid):
        check_signature(key, text + b"\x00", value)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=2000))
def test_what_openssl_signs_verifies(secret: bytes, message: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    check_signature(key.public_key().public_bytes_raw(), message, key.sign(message))


@given(st.integers(0, 64 * 8 - 1))
def test_no_flipped_bit_of_a_signature_verifies(bit: int) -> None:
    signature = bytearray(KEY.sign(b"message"))
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SignatureInvalid):
        check_signature(PUBLIC, b"message", bytes(signature))


@given(st.integers(0, 32 * 8 - 1))
def test_no_flipped_bit_of_a_key_verifies(bit: int) -> None:
    key = bytearray(PUBLIC)
    key[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SignatureInvalid):
        check_signature(bytes(key), b"message", KEY.sign(b"message"))


def test_a_signature_cannot_be_altered_into_another_valid_one() -> None:
    signature = KEY.sign(b"message")
    s = int.from_bytes(signature[32:], "little")
    for altered in (s + ORDER, s + 2 * ORDER):
        with pytest.raises(SignatureInvalid, match="not below the order"):
            check_signature(PUBLIC, b"message", signature[:32] + altered.to_bytes(32, "little"))


@pytest.mark.parametrize(
    "key",
    [
        (1).to_bytes(32, "little"),  # order 1
        (PRIME - 1).to_bytes(32, "little"),  # order 2
        bytes(32),  # order 4
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),  # order 8
        bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),  # order 8
    ],
)
def test_a_key_of_small_order_is_refused(key: bytes) -> None:
    # With the neutral element as R and S = 0, such a key would "sign" many messages.
    for first in ((1).to_bytes(32, "little"), key):
        with pytest.raises(SignatureInvalid, match="small order"):
            check_signature(key, b"message", first + bytes(32))


@pytest.mark.parametrize(
    "key",
    [
        PRIME.to_bytes(32, "little"),
        (PRIME + 1).to_bytes(32, "little"),
        (1 | 1 << 255).to_bytes(32, "little"),  # x = 0 with the sign bit
        (2).to_bytes(32, "little"),  # no point of the curve
        bytes([255] * 32),
    ],
)
def test_a_key_that_is_not_canonical_is_refused(key: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        check_signature(key, b"message", (1).to_bytes(32, "little") + bytes(32))


def test_keys_and_signatures_of_another_length_are_refused() -> None:
    signature = KEY.sign(b"message")
    for key, value in ((PUBLIC[:31], signature), (PUBLIC, signature[:63]), (PUBLIC, signature + b"\x00")):
        with pytest.raises(SignatureInvalid):
            check_signature(key, b"message", value)
