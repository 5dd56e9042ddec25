"""OCSP: ask for one certificate and verify the answer (RFC 6960)."""

import hashlib
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from signsvc.pades import der
from signsvc.pades.status import Revoked, StatusAnswer, StatusRejected, check_times, verify_signature
from signsvc.pades.trust import UNREADABLE


def find_ocsp_urls(certificate: x509.Certificate) -> list[str]:
    """Where the certificate says its status is to be asked, HTTP only."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return []
    return [
        description.access_location.value
        for description in access
        if description.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(description.access_location, x509.UniformResourceIdentifier)
        and description.access_location.value.startswith(("http://", "https://"))
    ]


def ocsp_request(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """A request without nonce, so that responders may answer from a cache (RFC 5019)."""
    # SHA-1 only names the issuer here, and is the one every responder knows (RFC 5019 §2.1.1).
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    return builder.build().public_bytes(Encoding.DER)


def verify_ocsp(
    answer: bytes, certificate: x509.Certificate, issuer: x509.Certificate, *, now: datetime
) -> StatusAnswer:
    """A response that says the certificate is good. Raises Revoked, StatusRejected."""
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise StatusRejected(f"the responder said {response.response_status.name}")
        responder = _find_responder(response, issuer, now)
        verify_signature(
            responder or issuer,
            response.signature,
            response.tbs_response_bytes,
            response.signature_hash_algorithm,
        )
        single = _find_single(response, certificate, issuer)
        next_update = check_times(single.this_update_utc, single.next_update_utc, now)
    except UNREADABLE as error:
        raise StatusRejected(f"malformed: {error}") from error
    if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        raise Revoked(f"serial {certificate.serial_number:x} revoked {single.revocation_time_utc}")
    if single.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise StatusRejected("the responder does not know the certificate")
    return StatusAnswer("ocsp", answer, single.this_update_utc, next_update, responder)


def _find_responder(
    response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime
) -> x509.Certificate | None:
    """Whom the issuer delegated to; None when it answers itself. Raises StatusRejected."""
    if _is_responder(response, issuer):
        return None
    for certificate in response.certificates:
        if not _is_responder(response, certificate):
            continue
        try:
            certificate.verify_directly_issued_by(issuer)
            purpose = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except (InvalidSignature, x509.ExtensionNotFound, *UNREADABLE) as error:
            raise StatusRejected("the responder is not of this issuer") from error
        if ExtendedKeyUsageOID.OCSP_SIGNING not in purpose:
            raise StatusRejected("the responder may not sign OCSP responses")
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise StatusRejected("the responder's certificate is not valid now")
        return certificate
    raise StatusRejected("the responder's certificate is not in the response")


def _is_responder(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    if response.responder_name is not None:
        return response.responder_name == certificate.subject
    return response.responder_key_hash == hashlib.sha1(_key_bits(certificate)).digest()  # noqa: S324 -- a name


def _find_single(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> ocsp.OCSPSingleResponse:
    for single in response.responses:
        digest = single.hash_algorithm.name
        if (
            single.serial_number == certificate.serial_number
            and single.issuer_name_hash == hashlib.new(digest, issuer.subject.public_bytes()).digest()
            and single.issuer_key_hash == hashlib.new(digest, _key_bits(issuer)).digest()
        ):
            return single
    raise StatusRejected("the response is about other certificates")


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The subjectPublicKey's bits, which key hashes are made of (RFC 6960 §4.1.1)."""
    info = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    _, bits = der.children(der.read_whole(info, der.SEQUENCE))
    return bits.content[1:]
