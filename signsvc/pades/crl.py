"""CRLs: find one certificate in one and verify it (RFC 5280 §5, §6.3)."""

from datetime import datetime

from cryptography import x509

from signsvc.pades.status import Revoked, StatusAnswer, StatusRejected, check_times, verify_signature
from signsvc.pades.trust import UNREADABLE

_UNDERSTOOD = {x509.IssuingDistributionPoint.oid, x509.CRLNumber.oid, x509.AuthorityKeyIdentifier.oid}


def find_crl_urls(certificate: x509.Certificate) -> list[str]:
    """Where the certificate says its issuer's CRL is, HTTP only, complete CRLs only."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return []
    return [
        name.value
        for point in points
        if point.reasons is None and point.crl_issuer is None
        for name in point.full_name or ()
        if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith(("http://", "https://"))
    ]


def verify_crl(
    answer: bytes, certificate: x509.Certificate, issuer: x509.Certificate, *, now: datetime
) -> StatusAnswer:
    """A CRL of the issuer that does not list the certificate. Raises Revoked, StatusRejected."""
    try:
        crl = x509.load_der_x509_crl(answer)
        if crl.issuer != issuer.subject:
            raise StatusRejected("a CRL of another issuer")
        verify_signature(issuer, crl.signature, crl.tbs_certlist_bytes, crl.signature_hash_algorithm)
        _check_scope(crl, certificate)
        next_update = check_times(crl.last_update_utc, crl.next_update_utc, now)
        listed = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    except UNREADABLE as error:
        raise StatusRejected(f"malformed: {error}") from error
    if listed is not None:
        raise Revoked(f"serial {certificate.serial_number:x} revoked {listed.revocation_date_utc}")
    return StatusAnswer("crl", answer, crl.last_update_utc, next_update)


def _check_scope(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> None:
    """A CRL that leaves kinds of certificates or reasons out must not be read as "not revoked"."""
    for extension in crl.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise StatusRejected(f"a CRL with the critical extension {extension.oid.dotted_string}")
        point = extension.value
        if not isinstance(point, x509.IssuingDistributionPoint):
            continue
        partial = point.indirect_crl or point.only_some_reasons or point.only_contains_attribute_certs
        wrong_kind = point.only_contains_user_certs if _is_ca(certificate) else point.only_contains_ca_certs
        if partial or wrong_kind:
            raise StatusRejected("a CRL that does not cover this certificate")


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
