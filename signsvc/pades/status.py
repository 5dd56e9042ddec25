"""What an OCSP response or a CRL says of one certificate, once verified."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

CLOCK_SKEW = timedelta(minutes=5)
_WEAK = (hashes.SHA1, hashes.MD5)


class StatusRejected(Exception):
    """The answer does not stand the checks, or says nothing of this certificate. For the log."""


class Revoked(Exception):
    """A verified answer says that the certificate is revoked. For the log."""


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """A verified answer: not revoked. ``responder``: whom the CA delegated OCSP to, if it did."""

    kind: Literal["ocsp", "crl"]
    encoded: bytes
    this_update: datetime
    next_update: datetime
    responder: x509.Certificate | None = None


def check_times(this_update: datetime, next_update: datetime | None, now: datetime) -> datetime:
    """Raise StatusRejected for an answer of the future or the past; return until when it holds.

    An answer without nextUpdate may have a newer one at any time (RFC 6960 §4.2.2.1): it holds for now.
    """
    if this_update > now + CLOCK_SKEW:
        raise StatusRejected(f"an answer from the future: {this_update.isoformat()}")
    if next_update is None:
        return now
    if next_update < now:
        raise StatusRejected(f"a stale answer: it ended {next_update.isoformat()}")
    return next_update


def verify_signature(
    issuer: x509.Certificate, signature: bytes, signed: bytes, digest: hashes.HashAlgorithm | None
) -> None:
    """Raise StatusRejected unless the issuer's key made the signature."""
    key = issuer.public_key()
    if digest is None or isinstance(digest, _WEAK):
        raise StatusRejected("signed with an algorithm that is not accepted")
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), digest)
        else:
            raise StatusRejected("signed with a key of a kind that is not accepted")
    except InvalidSignature as error:
        raise StatusRejected("its signature is not valid") from error
