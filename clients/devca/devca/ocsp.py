"""Answer OCSP requests (RFC 6960) through a delegated responder."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from devca.certificate import Issuer
from devca.index import Index, Status
from devca.misbehaviour import OcspFault

LIFETIME = timedelta(hours=12)


class Responder:
    """Answers for one CA. ``impostor`` signs when a test asks for the wrong signer."""

    def __init__(self, index: Index, issuer: Issuer, signer: Issuer, impostor: Issuer | None = None) -> None:
        self._index = index
        self._issuer = issuer
        self._signer = signer
        self._impostor = impostor
        certificate = issuer.certificate
        self._name = certificate.subject.public_bytes()
        spki = certificate.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._key = spki

    def answer(self, request_der: bytes, *, now: datetime, fault: OcspFault | None = None) -> bytes:
        """The response, DER. What cannot be answered gets an OCSP error status, never an exception."""
        if fault is OcspFault.TRY_LATER:
            return _refusal(ocsp.OCSPResponseStatus.TRY_LATER)
        try:
            request = ocsp.load_der_ocsp_request(request_der)
            serial, algorithm = request.serial_number, request.hash_algorithm
            name_hash, key_hash = request.issuer_name_hash, request.issuer_key_hash
            nonce = _nonce(request)
        except (ValueError, TypeError, NotImplementedError, UnsupportedAlgorithm):
            return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        # RFC 6960 §2.3 via RFC 5019 §2.2.3: no authority over another issuer's certificates.
        if (name_hash, key_hash) != (_digest(algorithm, self._name), _digest(algorithm, self._key)):
            return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)

        status = self._status(serial, now, fault)
        this_update = now.replace(microsecond=0) - (
            timedelta(days=2) if fault is OcspFault.STALE else timedelta()
        )
        signer = self._impostor if fault is OcspFault.WRONG_SIGNER and self._impostor else self._signer
        reason = None if status is None or status.revoked_at is None else status.reason
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                issuer_name_hash=name_hash,
                issuer_key_hash=key_hash,
                serial_number=serial,
                algorithm=algorithm,
                cert_status=_cert_status(status),
                this_update=this_update,
                next_update=this_update + LIFETIME,
                revocation_time=None if status is None else status.revoked_at,
                revocation_reason=None if reason is x509.ReasonFlags.unspecified else reason,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
            .certificates([signer.certificate])
        )
        if nonce is not None:
            builder = builder.add_extension(nonce, critical=False)
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _status(self, serial: int, now: datetime, fault: OcspFault | None) -> Status | None:
        if fault is OcspFault.UNKNOWN:
            return None
        if fault is OcspFault.REVOKED:
            return Status(
                serial, now.replace(microsecond=0) - timedelta(hours=1), x509.ReasonFlags.key_compromise
            )
        return self._index.find(serial, self._issuer.label)


def _cert_status(status: Status | None) -> ocsp.OCSPCertStatus:
    if status is None:
        return ocsp.OCSPCertStatus.UNKNOWN
    return ocsp.OCSPCertStatus.GOOD if status.revoked_at is None else ocsp.OCSPCertStatus.REVOKED


def _nonce(request: ocsp.OCSPRequest) -> x509.OCSPNonce | None:
    try:
        return request.extensions.get_extension_for_class(x509.OCSPNonce).value
    except x509.ExtensionNotFound:
        return None


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()


def _refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
