"""PKCS#10 requests (RFC 2986) for keys that only the token can use."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from asn1crypto import core, csr, keys, pem
from asn1crypto.algos import SignedDigestAlgorithm
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm.algorithms import SignatureAlgorithm
from hsm.enrol.errors import RequestRefused
from hsm.enrol.subject import build_name

_SHA256 = {"algorithm": "sha256"}
_PSS = {
    "hash_algorithm": _SHA256,
    "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": _SHA256},
    "salt_length": 32,
}
_IDENTIFIERS: dict[SignatureAlgorithm, dict[str, Any]] = {
    SignatureAlgorithm.ES256: {"algorithm": "sha256_ecdsa"},
    SignatureAlgorithm.PS256: {"algorithm": "rsassa_pss", "parameters": _PSS},
    SignatureAlgorithm.RS256: {"algorithm": "sha256_rsa"},
}


def build_csr(
    subject: Mapping[str, str],
    spki: bytes,
    algorithm: SignatureAlgorithm,
    sign: Callable[[bytes], bytes],
) -> str:
    """A certification request, PEM.

    ``subject``: short names as in ``build_name``. ``spki``: the public key, DER
    SubjectPublicKeyInfo. ``sign`` gets the SHA-256 digest (32 bytes) of the
    CertificationRequestInfo and returns the signature as it goes into the request: DER for ES256,
    the bare value for RSA.

    Raises RequestRefused when the subject or the algorithm does not fit, or when what ``sign``
    returned is no signature by this key; and whatever ``sign`` raises.
    """
    _check_fits(spki, algorithm)
    info = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": build_name(subject),
            "subject_pk_info": keys.PublicKeyInfo.load(spki, strict=True),
            # RFC 2986 §4.1: the attributes may be empty but not absent.
            "attributes": [],
        }
    )
    signature = sign(hashlib.sha256(info.dump()).digest())
    request = csr.CertificationRequest(
        {
            "certification_request_info": info,
            "signature_algorithm": SignedDigestAlgorithm(_IDENTIFIERS[algorithm]),
            "signature": core.OctetBitString(signature),
        }
    ).dump()
    # An authority would refuse it days later; a token that signed with another key shows here.
    if not x509.load_der_x509_csr(request).is_signature_valid:
        raise RequestRefused("The key did not sign its own certification request.")
    return str(pem.armor("CERTIFICATE REQUEST", request).decode("ascii"))


def request_spki(csr_pem: str) -> bytes:
    """The public key of a request, DER SubjectPublicKeyInfo. Raises RequestRefused."""
    try:
        _name, _headers, der = pem.unarmor(csr_pem.encode())
        info = csr.CertificationRequest.load(der, strict=True)["certification_request_info"]
        return bytes(info["subject_pk_info"].dump())
    except (ValueError, TypeError) as error:
        raise RequestRefused("This is not a PKCS#10 request in PEM.", detail=repr(error)) from error


def _check_fits(spki: bytes, algorithm: SignatureAlgorithm) -> None:
    try:
        key = load_der_public_key(spki)
    except ValueError as error:
        raise RequestRefused("The public key cannot be read.", detail=repr(error)) from error
    match algorithm, key:
        case SignatureAlgorithm.ES256, ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
            return
        case SignatureAlgorithm.PS256 | SignatureAlgorithm.RS256, rsa.RSAPublicKey():
            return
    raise RequestRefused(f"A key of this kind cannot sign {algorithm}.")
