"""CMS signatures from DER templates (RFC 5652, RFC 5035, ETSI EN 319 142-1 §6.3).

All that does not change between two signatures of one credential is encoded once. The signed
attributes are exactly the three that the key process accepts: content-type, message-digest and
signing-certificate-v2. There is no signing-time attribute: PAdES puts the time into /M.
"""

import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hsm.client import SignatureAlgorithm
from signsvc.pades import der

SHA256_BYTES = 32
ES256_MAX_BYTES = 72  # SEQUENCE of two INTEGERs of at most 33 octets

_ID_DATA = der.oid("1.2.840.113549.1.7.1")
_ID_SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
_SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
_SHA256_WITH_NULL = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.DER_NULL)
_PSS_PARAMETERS = der.sequence(
    der.encode(der.CONTEXT_0, _SHA256_WITH_NULL),
    der.encode(der.CONTEXT_1, der.sequence(der.oid("1.2.840.113549.1.1.8"), _SHA256_WITH_NULL)),
    der.encode(0xA2, der.integer(SHA256_BYTES)),
)
_SIGNATURE_ALGORITHMS = {
    SignatureAlgorithm.ES256: der.sequence(der.oid("1.2.840.10045.4.3.2")),
    SignatureAlgorithm.PS256: der.sequence(der.oid("1.2.840.113549.1.1.10"), _PSS_PARAMETERS),
    SignatureAlgorithm.RS256: der.sequence(der.oid("1.2.840.113549.1.1.11"), der.DER_NULL),
}
_CONTENT_TYPE = der.sequence(der.oid("1.2.840.113549.1.9.3"), der.set_of(_ID_DATA))
_MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE_V2 = der.oid("1.2.840.113549.1.9.16.2.47")
_TIMESTAMP_TOKEN = der.oid("1.2.840.113549.1.9.16.2.14")


@dataclass(frozen=True, slots=True)
class CmsTemplate:
    """What is the same in every signature of one credential. Made by ``make_template``; keep it."""

    algorithm: SignatureAlgorithm
    chain: tuple[bytes, ...]
    signing_certificate: bytes
    before_signer: bytes
    signer_head: bytes
    signature_bytes: int

    def signed_attributes(self, digest: bytes) -> bytes:
        """DER ``SET OF Attribute`` over a ByteRange digest: what the key process signs.

        ``digest``: SHA-256, 32 bytes. Raises ValueError for another length.
        """
        if len(digest) != SHA256_BYTES:
            raise ValueError("the digest is a SHA-256 of 32 bytes")
        message_digest = der.sequence(_MESSAGE_DIGEST, der.set_of(der.octet_string(digest)))
        return der.set_of(_CONTENT_TYPE, message_digest, self.signing_certificate)

    def cms(self, signed_attributes: bytes, signature: bytes, timestamp_token: bytes = b"") -> bytes:
        """DER ``ContentInfo`` for /Contents.

        ``signed_attributes`` as ``signed_attributes`` made them, ``signature`` the key process's value
        (ES256: DER), ``timestamp_token`` an RFC 3161 token over the signature value.
        """
        # In SignerInfo the attributes stand under [0] IMPLICIT; signed is the SET (RFC 5652 §5.4).
        parts = [
            self.signer_head,
            bytes((der.CONTEXT_0,)),
            signed_attributes[1:],
            _SIGNATURE_ALGORITHMS[self.algorithm],
            der.octet_string(signature),
        ]
        if timestamp_token:
            attribute = der.sequence(_TIMESTAMP_TOKEN, der.set_of(timestamp_token))
            parts.append(der.encode(der.CONTEXT_1, attribute))
        signer_infos = der.encode(der.SET, der.sequence(*parts))
        signed_data = der.sequence(self.before_signer, signer_infos)
        return der.sequence(_ID_SIGNED_DATA, der.encode(der.CONTEXT_0, signed_data))

    def reserve(self, timestamp_bytes: int = 0) -> int:
        """How many bytes the largest CMS takes when the token has at most ``timestamp_bytes``."""
        attributes = self.signed_attributes(bytes(SHA256_BYTES))
        token = b"\x30" * timestamp_bytes
        return len(self.cms(attributes, bytes(self.signature_bytes), token))


def make_template(algorithm: SignatureAlgorithm, chain: tuple[bytes, ...]) -> CmsTemplate:
    """Encode once what all signatures of a credential share.

    ``chain``: DER certificates, the signer's first; all are put into the CMS except self-signed ones.
    Raises ValueError if the certificate's key can't sign with the algorithm.
    """
    signer = x509.load_der_x509_certificate(chain[0])
    fields = list(der.children(der.first(der.read_whole(chain[0], der.SEQUENCE))))
    if fields[0].tag == der.CONTEXT_0:  # version, absent in v1
        fields = fields[1:]
    serial_number, _, issuer = fields[:3]
    # Each ESSCertIDv2 without hashAlgorithm: SHA-256 is its DEFAULT (RFC 5035 §4).
    certificate_id = der.sequence(der.octet_string(hashlib.sha256(chain[0]).digest()))
    signing_certificate = der.sequence(
        _SIGNING_CERTIFICATE_V2, der.set_of(der.sequence(der.sequence(certificate_id)))
    )
    certificates = chain[:1] + tuple(c for c in chain[1:] if not _is_self_issued(c))
    before_signer = b"".join(
        (
            der.integer(1),
            der.set_of(_SHA256),
            der.sequence(_ID_DATA),
            der.encode(der.CONTEXT_0, *sorted(set(certificates))),
        )
    )
    signer_head = der.integer(1) + der.sequence(issuer.encoded, serial_number.encoded) + _SHA256
    return CmsTemplate(
        algorithm=algorithm,
        chain=chain,
        signing_certificate=signing_certificate,
        before_signer=before_signer,
        signer_head=signer_head,
        signature_bytes=_signature_bytes(signer, algorithm),
    )


def _is_self_issued(certificate: bytes) -> bool:
    parsed = x509.load_der_x509_certificate(certificate)
    return parsed.subject == parsed.issuer


def _signature_bytes(certificate: x509.Certificate, algorithm: SignatureAlgorithm) -> int:
    key = certificate.public_key()
    if algorithm is SignatureAlgorithm.ES256:
        if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            return ES256_MAX_BYTES
    elif algorithm in _SIGNATURE_ALGORITHMS and isinstance(key, rsa.RSAPublicKey):
        return key.key_size // 8
    raise ValueError(f"a certificate with this key does not sign with {algorithm}")
