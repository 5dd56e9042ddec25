"""CRLs (RFC 5280 §5)."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from devca.certificate import Issuer
from devca.index import Index, Status

LIFETIME = timedelta(hours=24)
RENEW_AFTER = timedelta(hours=12)


def current_crl(index: Index, issuer: Issuer, *, now: datetime, lifetime: timedelta = LIFETIME) -> bytes:
    """The issuer's CRL, DER; a new one right after each revocation and every twelve hours."""
    return index.crl(
        issuer.label,
        fresh_after=now - RENEW_AFTER,
        now=now,
        build=lambda number, revoked: build_crl(issuer, number, revoked, now=now, lifetime=lifetime),
    )


def build_crl(
    issuer: Issuer, number: int, revoked: list[Status], *, now: datetime, lifetime: timedelta = LIFETIME
) -> bytes:
    """Sign a CRL, DER. A negative ``lifetime`` makes a stale one, for tests."""
    now = now.replace(microsecond=0)
    identifier = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(min(now, now + 2 * lifetime))
        .next_update(now + lifetime)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
    )
    for status in revoked:
        builder = builder.add_revoked_certificate(_entry(status))
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _entry(status: Status) -> x509.RevokedCertificate:
    if status.revoked_at is None:
        raise ValueError("a good certificate has no place in a CRL")
    builder = x509.RevokedCertificateBuilder().serial_number(status.serial).revocation_date(status.revoked_at)
    # RFC 5280 §5.3.1: the reason 'unspecified' is left out.
    if status.reason not in (None, x509.ReasonFlags.unspecified):
        builder = builder.add_extension(x509.CRLReason(status.reason), critical=False)
    return builder.build()
