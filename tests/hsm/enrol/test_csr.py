"""Requests made for keys that only sign digests, judged by cryptography and OpenSSL."""

import subprocess
import unicodedata
from pathlib import Path

import pytest
from asn1crypto import csr as asn1_csr
from asn1crypto import pem
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from hsm.algorithms import SignatureAlgorithm
from hsm.enrol.csr import build_csr, request_spki
from hsm.enrol.errors import RequestRefused
from hsm.enrol.subject import build_name
from hsm.errors import TokenUnavailable

EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
PREHASHED = utils.Prehashed(hashes.SHA256())
SUBJECT = {
    "C": "VN",
    "L": "Đà Nẵng",
    "O": "Ủy ban nhân dân thành phố",
    "OU": "Văn phòng",
    "title": "Chánh Văn phòng",
    "CN": "Nguyễn Thị Phương Thảo",
    "serialNumber": "CCCD:048185000001",
}
SIGNERS = {
    SignatureAlgorithm.ES256: (EC_KEY, lambda d: EC_KEY.sign(d, ec.ECDSA(PREHASHED))),
    SignatureAlgorithm.PS256: (
        RSA_KEY,
        lambda d: RSA_KEY.sign(d, padding.PSS(padding.MGF1(hashes.SHA256()), 32), PREHASHED),
    ),
    SignatureAlgorithm.RS256: (RSA_KEY, lambda d: RSA_KEY.sign(d, padding.PKCS1v15(), PREHASHED)),
}


def _spki(key):
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.interop
@pytest.mark.parametrize("algorithm", list(SIGNERS))
def test_a_request_is_signed_by_its_key_and_says_who(algorithm, tmp_path: Path):
    key, sign = SIGNERS[algorithm]
    text = build_csr(SUBJECT, _spki(key), algorithm, sign)

    request = x509.load_pem_x509_csr(text.encode())
    assert request.is_signature_valid
    assert request.public_key() == key.public_key()
    assert {part.rfc4514_attribute_name: part.value for part in request.subject} == {
        {"title": "2.5.4.12", "serialNumber": "2.5.4.5"}.get(name, name): value
        for name, value in SUBJECT.items()
    }
    (tmp_path / "csr").write_text(text)
    command = [
        "openssl",
        "req",
        "-verify",
        "-in",
        "csr",
        "-noout",
        "-subject",
        "-nameopt",
        "utf8,sep_comma_plus",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=60)
    assert b"verify OK" in done.stderr + done.stdout
    assert "CN=Nguyễn Thị Phương Thảo" in done.stdout.decode()


def test_attributes_are_empty_but_there():
    """RFC 2986 §4.1: some authorities refuse a request without them."""
    key, sign = SIGNERS[SignatureAlgorithm.ES256]
    der = pem.unarmor(build_csr(SUBJECT, _spki(key), SignatureAlgorithm.ES256, sign).encode())[2]
    info = asn1_csr.CertificationRequest.load(der)["certification_request_info"]
    assert info.dump().endswith(b"\xa0\x00")


def test_the_request_tells_its_key():
    key, sign = SIGNERS[SignatureAlgorithm.PS256]
    assert request_spki(build_csr(SUBJECT, _spki(key), SignatureAlgorithm.PS256, sign)) == _spki(key)
    with pytest.raises(RequestRefused):
        request_spki("không phải yêu cầu")


def test_a_token_that_signs_with_another_key_is_caught():
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(RequestRefused, match="did not sign"):
        build_csr(
            SUBJECT, _spki(EC_KEY), SignatureAlgorithm.ES256, lambda d: other.sign(d, ec.ECDSA(PREHASHED))
        )


def test_a_sick_token_is_not_hidden():
    def sick(_digest: bytes) -> bytes:
        raise TokenUnavailable("away")

    with pytest.raises(TokenUnavailable):
        build_csr(SUBJECT, _spki(EC_KEY), SignatureAlgorithm.ES256, sick)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSA_KEY, SignatureAlgorithm.ES256),
        (EC_KEY, SignatureAlgorithm.PS256),
        (EC_KEY, SignatureAlgorithm.EDDSA),
        (ed25519.Ed25519PrivateKey.generate(), SignatureAlgorithm.EDDSA),
        (ec.generate_private_key(ec.SECP384R1()), SignatureAlgorithm.ES256),
    ],
)
def test_key_and_algorithm_must_fit(key, algorithm):
    def never(_digest: bytes) -> bytes:
        raise AssertionError("the key must not be used")

    with pytest.raises(RequestRefused):
        build_csr(SUBJECT, _spki(key), algorithm, never)


@pytest.mark.parametrize(
    "change",
    [
        {"CN": ""},
        {"CN": "x" * 65},
        {"CN": " Sở Nội vụ"},
        {"CN": "Sở\u202eNội vụ"},
        {"CN": "Sở\x00Nội vụ"},
        {"CN": "Sở\nNội vụ"},
        {"C": "vn"},
        {"C": "VNM"},
        {"serialNumber": "số 1"},
        {"emailAddress": "a@b.vn"},
    ],
)
def test_a_name_that_could_mislead_or_not_fit_is_refused(change):
    with pytest.raises(RequestRefused):
        build_name({**SUBJECT, **change})


def test_sixty_four_vietnamese_letters_fit():
    """RFC 5280 counts characters; 64 of them may be 150 octets."""
    name = build_name({"CN": "Ộ" * 64})
    assert name.native == {"common_name": "Ộ" * 64}


@given(st.text(st.characters(categories=["L"]), min_size=1, max_size=16))
def test_composed_and_decomposed_letters_make_one_name(text):
    composed = build_name({"CN": unicodedata.normalize("NFC", text)}).dump()
    assert build_name({"CN": unicodedata.normalize("NFD", text)}).dump() == composed
