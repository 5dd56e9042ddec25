"""From a certificate to a configured trust anchor (RFC 5280 §6, what a signer's side needs of it).

Checked: signatures, names, validity, CA flag, key usage, path length, and that no critical extension is
unknown to us. Not checked: policies and name constraints, which the validator's full algorithm covers.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from threading import Lock

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

MAX_CHAIN = 8
MAX_REMEMBERED = 4096
_UNDERSTOOD = {
    x509.OID_BASIC_CONSTRAINTS,
    x509.OID_KEY_USAGE,
    x509.OID_EXTENDED_KEY_USAGE,
    x509.OID_CERTIFICATE_POLICIES,
    x509.OID_NAME_CONSTRAINTS,
    x509.OID_SUBJECT_ALTERNATIVE_NAME,
}


# What reading a certificate's extensions and keys may raise, besides finding them missing.
UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class NotTrusted(Exception):
    """No valid chain leads from the certificate to an anchor. The text is for the log."""


class TrustAnchors:
    """The roots that are believed because the configuration names them."""

    def __init__(self, roots: Iterable[x509.Certificate]) -> None:
        self._roots = tuple(roots)
        self._keys = {fingerprint(root) for root in self._roots}
        self._found: OrderedDict[bytes, tuple[x509.Certificate, ...]] = OrderedDict()
        self._lock = Lock()

    def find_chain(
        self, leaf: x509.Certificate, candidates: Sequence[x509.Certificate], *, now: datetime
    ) -> tuple[x509.Certificate, ...]:
        """The chain from ``leaf`` up to and with an anchor, valid at ``now``. Raises NotTrusted."""
        key = b"".join(fingerprint(certificate) for certificate in (leaf, *candidates))
        with self._lock:
            known = self._found.get(key)
        # The same certificates: signatures that held once hold. Time is what passes.
        if known is not None and all(_is_valid(certificate, now) for certificate in known):
            return known
        _check_certificate(leaf, now)
        chain = self._extend((leaf,), (*self._roots, *candidates), now)
        if chain is None:
            raise NotTrusted(f"no chain to a trust anchor for {leaf.subject.rfc4514_string()}")
        with self._lock:
            self._found[key] = chain
            while len(self._found) > MAX_REMEMBERED:
                self._found.popitem(last=False)
        return chain

    def _extend(
        self, chain: tuple[x509.Certificate, ...], candidates: Sequence[x509.Certificate], now: datetime
    ) -> tuple[x509.Certificate, ...] | None:
        last = chain[-1]
        if fingerprint(last) in self._keys:
            return chain
        if len(chain) >= MAX_CHAIN:
            return None
        for issuer in candidates:
            if issuer in chain or not _issued(issuer, last, below=len(chain) - 1, now=now):
                continue
            found = self._extend((*chain, issuer), candidates, now)
            if found is not None:
                return found
        return None


def fingerprint(certificate: x509.Certificate) -> bytes:
    """SHA-256 of the DER."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()


def is_self_issued(certificate: x509.Certificate) -> bool:
    """Subject and issuer are one name: a root."""
    return certificate.subject == certificate.issuer


def _issued(issuer: x509.Certificate, subject: x509.Certificate, *, below: int, now: datetime) -> bool:
    if issuer.subject != subject.issuer:
        return False
    try:
        _check_certificate(issuer, now)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        subject.verify_directly_issued_by(issuer)
    except (NotTrusted, x509.ExtensionNotFound, InvalidSignature, *UNREADABLE):
        return False
    short_enough = constraints.path_length is None or below <= constraints.path_length
    return constraints.ca and usage.key_cert_sign and short_enough


def _check_certificate(certificate: x509.Certificate, now: datetime) -> None:
    if not _is_valid(certificate, now):
        raise NotTrusted(f"not valid now: {certificate.subject.rfc4514_string()}")
    try:
        unknown = [
            extension.oid.dotted_string
            for extension in certificate.extensions
            if extension.critical and extension.oid not in _UNDERSTOOD
        ]
    except UNREADABLE as error:
        raise NotTrusted(f"unreadable extensions: {error}") from error
    if unknown:
        raise NotTrusted(f"unknown critical extensions {unknown}")


def _is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
