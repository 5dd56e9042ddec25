"""Is a login certificate revoked? Asked of its authority at each login: OCSP, and the CRL where that fails.

RFC 6960 by pyhanko-certvalidator, RFC 5280 §6.3 by cryptography, for the CRL of the very issuer: the library
finds no chain for the list of an authority that is trusted without its root. What is asked for goes through
the guarded client.
The addresses are read from a certificate whose signature was checked, so they are the authority's own words.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, RevokedError, ValidationError

from idp.errors import OutboundError
from idp.outbound.client import OutboundClient

SKEW = timedelta(minutes=5)
GOOD, REVOKED, UNKNOWN = "good", "revoked", "unknown"
_OCSP_REQUEST, _OCSP_RESPONSE = "application/ocsp-request", "application/ocsp-response"


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """Thread-safe. A CRL is kept until its next update; an OCSP answer is not: a loss is told now."""

    outbound: OutboundClient
    crls: dict[str, tuple[datetime, bytes]] = field(default_factory=dict)

    def find(self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> str:
        """``good``, ``revoked``; ``unknown`` when nobody answers that can be believed."""
        for answer in self._ask_responders(certificate, issuer):
            status = _judge_answer(certificate, issuer, now, answer)
            if status != UNKNOWN:
                return status
        for url in _lists(certificate):
            until, listed = self._read_list(url, now)
            status = _judge_list(certificate, issuer, now, listed)
            if status != UNKNOWN:
                # Only now: it came over plain http, and what is not its issuer's must not stay.
                self.crls[url] = (until, listed)
                return status
        return UNKNOWN

    def _ask_responders(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Iterator[bytes]:
        # SHA-1 only names the issuer here, and is the one every responder knows (RFC 5019 §2.1.1).
        builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
        asked = builder.build().public_bytes(Encoding.DER)
        for url in _responders(certificate):
            try:
                answer = self.outbound.post(url, asked, content_type=_OCSP_REQUEST, accept=_OCSP_RESPONSE)
            except OutboundError:
                continue
            if answer.status == 200:
                yield answer.body

    def _read_list(self, url: str, now: datetime) -> tuple[datetime, bytes]:
        """Until when it may be kept, and the list; nothing that can be read when there is no answer."""
        kept = self.crls.get(url)
        if kept and now < kept[0]:
            return kept
        try:
            answer = self.outbound.get(url, accept="application/pkix-crl")
            until = x509.load_der_x509_crl(answer.body).next_update_utc
        except (OutboundError, ValueError):
            return now, b""
        return until or now, answer.body if answer.status == 200 else b""


def _judge_answer(
    certificate: x509.Certificate, issuer: x509.Certificate, now: datetime, answer: bytes
) -> str:
    try:
        leaf, root = (
            asn1_x509.Certificate.load(each.public_bytes(Encoding.DER)) for each in (certificate, issuer)
        )
        context = ValidationContext(
            trust_roots=[root],
            moment=now.astimezone(UTC),
            allow_fetching=False,
            revocation_mode="hard-fail",
            ocsps=[asn1_ocsp.OCSPResponse.load(answer, strict=True)],
        )
        asyncio.run(CertificateValidator(leaf, validation_context=context).async_validate_path())
    except RevokedError:
        return REVOKED
    except (PathError, ValidationError, ValueError, TypeError):
        # Stale, signed by somebody else, about another certificate: no answer is better than this one.
        return UNKNOWN
    return GOOD


def _judge_list(certificate: x509.Certificate, issuer: x509.Certificate, now: datetime, listed: bytes) -> str:
    try:
        crl = x509.load_der_x509_crl(listed)
        # A list in parts, or of another's certificates, says so in a critical extension: it is not this one.
        partial = any(each.critical for each in crl.extensions)
        key = issuer.public_key()
        if (
            partial
            or crl.issuer != issuer.subject
            or not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
            or not crl.is_signature_valid(key)
            or crl.next_update_utc is None
            or not crl.last_update_utc <= now + SKEW
            or now > crl.next_update_utc
        ):
            return UNKNOWN
        found = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    except (ValueError, TypeError):
        return UNKNOWN
    return REVOKED if found is not None else GOOD


def _responders(certificate: x509.Certificate) -> list[str]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return []
    return [
        each.access_location.value
        for each in access
        if each.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(each.access_location, x509.UniformResourceIdentifier)
    ]


def _lists(certificate: x509.Certificate) -> list[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return []
    return [
        name.value
        for point in points
        for name in point.full_name or ()
        if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith("http")
    ]
