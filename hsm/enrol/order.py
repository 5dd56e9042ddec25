"""Read the certificates an authority returned and put them in order."""

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key, pkcs7

from hsm.enrol.errors import ChainBroken, ChainForeign

MAX_CHAIN_BYTES = 256 * 1024
_MAX_CERTIFICATES = 20
_PEM = b"-----BEGIN CERTIFICATE-----"
_PEM_PKCS7 = b"-----BEGIN PKCS7-----"


def read_certificates(data: bytes) -> list[x509.Certificate]:
    """The certificates in a file as authorities send it: PEM bundle, one DER, PKCS#7 in PEM or DER.

    In the file's order. Raises ChainBroken.
    """
    if len(data) > MAX_CHAIN_BYTES:
        raise ChainBroken(f"A chain has at most {MAX_CHAIN_BYTES} bytes; this is not one.")
    try:
        if _PEM in data:
            found = x509.load_pem_x509_certificates(data)
        elif _PEM_PKCS7 in data:
            found = pkcs7.load_pem_pkcs7_certificates(data)
        else:
            found = _read_der(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ChainBroken(
            "No certificate can be read. Give a PEM bundle, a DER certificate or PKCS#7 (.p7b).",
            detail=repr(error),
        ) from error
    if not 0 < len(found) <= _MAX_CERTIFICATES:
        raise ChainBroken(f"A chain has 1 to {_MAX_CERTIFICATES} certificates; here are {len(found)}.")
    return found


def _read_der(data: bytes) -> list[x509.Certificate]:
    try:
        return [x509.load_der_x509_certificate(data)]
    except ValueError:
        return pkcs7.load_der_pkcs7_certificates(data)


def order_chain(certificates: Sequence[x509.Certificate], spki: bytes) -> list[x509.Certificate]:
    """The path from the certificate of this key upwards, each issued by the next; the rest is dropped.

    It ends at a self-issued certificate or where the issuer is not among them. Trust is not decided
    here. Raises ChainForeign when none certifies this key.
    """
    key = load_der_public_key(spki)
    leaf = next((each for each in certificates if each.public_key() == key), None)
    if leaf is None:
        raise ChainForeign("None of these certificates certifies the key in the token.")
    chain = [leaf]
    while not is_issued_by(chain[-1], chain[-1]):
        issuer = next(
            (each for each in certificates if each not in chain and is_issued_by(chain[-1], each)), None
        )
        if issuer is None:
            break
        chain.append(issuer)
    return chain


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the names fit and the issuer's key signed the certificate."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
