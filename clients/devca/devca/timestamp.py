"""A time-stamping authority: RFC 3161 as profiled by ETSI EN 319 422."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from devca import der
from devca.certificate import Issuer
from devca.misbehaviour import TsaFault
from devca.names import TIMESTAMP_POLICY

# EN 319 422 §5.1.3 through TS 119 312: the SHA-2 and SHA-3 families. SHA-1 is refused.
_IMPRINT_BYTES = {
    "sha256": 32,
    "sha384": 48,
    "sha512": 64,
    "sha512_256": 32,
    "sha3_256": 32,
    "sha3_384": 48,
    "sha3_512": 64,
}
_ACCURACY_SECONDS = 1  # EN 319 422 §5.2.2: one second or better, always stated
_SERIAL_BITS = 127

_VERSION_1 = der.integer(1)
_VERSION_3 = der.integer(3)
_ACCURACY = der.tlv(der.SEQUENCE, der.integer(_ACCURACY_SECONDS))
_POLICY = bytes(core.ObjectIdentifier(TIMESTAMP_POLICY).dump())
_TST_INFO = bytes(cms.ContentType("tst_info").dump())
_SIGNED_DATA = bytes(cms.ContentType("signed_data").dump())
_MESSAGE_DIGEST = bytes(cms.CMSAttributeType("message_digest").dump())
_SHA256 = bytes(algos.DigestAlgorithm({"algorithm": "sha256"}).dump())
_ECDSA_SHA256 = bytes(algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}).dump())
_GRANTED = der.tlv(der.SEQUENCE, der.integer(0))


class _Refusal(Exception):
    """Carries the PKIFailureInfo of RFC 3161 §2.4.2 and the reason in two languages."""

    def __init__(self, failure: str, reason: str) -> None:
        super().__init__(reason)
        self.failure = failure
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Request:
    """A request that will be granted. ``algorithm`` is the AlgorithmIdentifier's DER."""

    algorithm: bytes
    hashed_message: bytes
    nonce: int | None
    with_certificates: bool


class TimestampAuthority:
    """Makes time-stamp tokens. Everything that does not change is encoded once, here."""

    def __init__(self, signer: Issuer, issuing: Issuer) -> None:
        self._key = signer.key
        own = signer.certificate.public_bytes(Encoding.DER)
        above = issuing.certificate.public_bytes(Encoding.DER)
        certificate = asn1_x509.Certificate.load(own)
        self._certificates = der.tlv(der.context(0), *sorted((own, above)))
        self._signer_id = bytes(
            cms.IssuerAndSerialNumber(
                {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
            ).dump()
        )
        self._content_type = bytes(cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}).dump())
        # RFC 5816: ESSCertIDv2 names the certificate by its SHA-256.
        named = tsp.SigningCertificateV2(
            {"certs": [tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(own).digest()})]}
        )
        self._signing_certificate = bytes(
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [named]}).dump()
        )

    def respond(self, request_der: bytes, *, now: datetime, fault: TsaFault | None = None) -> bytes:
        """The TimeStampResp, DER; a request that cannot be granted gets a rejection with its reason."""
        try:
            if fault is TsaFault.REJECTION:
                raise _Refusal(
                    "system_failure", "Từ chối theo yêu cầu của phép thử | refused as a test asked"
                )
            request = _read(request_der)
        except _Refusal as refusal:
            status = tsp.PKIStatusInfo(
                {
                    "status": "rejection",
                    "status_string": [refusal.reason],
                    "fail_info": {refusal.failure},
                }
            )
            return der.tlv(der.SEQUENCE, status.dump())
        return der.tlv(der.SEQUENCE, _GRANTED, self._token(request, now, fault))

    def _token(self, request: _Request, now: datetime, fault: TsaFault | None) -> bytes:
        """A ContentInfo of SignedData over the TSTInfo (RFC 3161 §2.4.2, RFC 5652 §5.1)."""
        info = _tst_info(request, now, fault)
        digest = der.tlv(der.OCTET_STRING, hashlib.sha256(info).digest())
        attributes = der.set_of(
            self._content_type,
            self._signing_certificate,
            der.tlv(der.SEQUENCE, _MESSAGE_DIGEST, der.set_of(digest)),
        )
        signature = self._key.sign(attributes, ec.ECDSA(hashes.SHA256()))
        if fault is TsaFault.BAD_SIGNATURE:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        signer_info = der.tlv(
            der.SEQUENCE,
            _VERSION_1,
            self._signer_id,
            _SHA256,
            # RFC 5652 §5.4: signed as SET OF, carried as [0] IMPLICIT.
            bytes([der.context(0)]) + attributes[1:],
            _ECDSA_SHA256,
            der.tlv(der.OCTET_STRING, signature),
        )
        content = der.tlv(der.context(0), der.tlv(der.OCTET_STRING, info))
        signed_data = der.tlv(
            der.SEQUENCE,
            _VERSION_3,
            der.set_of(_SHA256),
            der.tlv(der.SEQUENCE, _TST_INFO, content),
            # RFC 3161 §2.4.1: certificates exactly when they are asked for.
            self._certificates if request.with_certificates else b"",
            der.set_of(signer_info),
        )
        return der.tlv(der.SEQUENCE, _SIGNED_DATA, der.tlv(der.context(0), signed_data))


def _tst_info(request: _Request, now: datetime, fault: TsaFault | None) -> bytes:
    hashed = request.hashed_message
    if fault is TsaFault.WRONG_IMPRINT:
        hashed = bytes(byte ^ 0xFF for byte in hashed)
    nonce = request.nonce
    if fault is TsaFault.WRONG_NONCE:
        nonce = (nonce or 0) + 1
    return der.tlv(
        der.SEQUENCE,
        _VERSION_1,
        _POLICY,
        der.tlv(der.SEQUENCE, request.algorithm, der.tlv(der.OCTET_STRING, hashed)),
        # Random: unique over workers and restarts without asking anyone.
        der.integer(secrets.randbits(_SERIAL_BITS) + 1),
        der.generalized_time(now),
        _ACCURACY,
        # ordering stays at its default, false (EN 319 422 §5.2.2), so DER leaves it out.
        b"" if nonce is None else der.integer(nonce),
    )


def _read(request_der: bytes) -> _Request:
    try:
        request = tsp.TimeStampReq.load(request_der, strict=True)
        fields = request.native  # asn1crypto parses late: this reads all of it
        algorithm_der = bytes(request["message_imprint"]["hash_algorithm"].dump())
    except (ValueError, TypeError, KeyError) as error:
        raise _Refusal("bad_data_format", "Không đọc được yêu cầu | the request cannot be read") from error
    if fields["version"] != "v1":
        raise _Refusal("bad_request", "Chỉ có phiên bản 1 | version 1 only")
    imprint = fields["message_imprint"]
    length = _IMPRINT_BYTES.get(imprint["hash_algorithm"]["algorithm"])
    if length is None:
        raise _Refusal(
            "bad_alg", "Dùng SHA-256, SHA-384, SHA-512 hoặc SHA-3 | use SHA-256, SHA-384, SHA-512 or SHA-3"
        )
    if len(imprint["hashed_message"]) != length:
        raise _Refusal("bad_data_format", "Giá trị băm sai độ dài | the hash has the wrong length")
    if fields["req_policy"] not in (None, TIMESTAMP_POLICY):
        raise _Refusal("unaccepted_policy", f"Chính sách duy nhất | the only policy: {TIMESTAMP_POLICY}")
    if fields["extensions"]:
        raise _Refusal("unaccepted_extensions", "Không nhận phần mở rộng | no extensions accepted")
    return _Request(algorithm_der, imprint["hashed_message"], fields["nonce"], fields["cert_req"])
