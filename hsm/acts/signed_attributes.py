"""What may be in the CMS signed attributes of a prepared document, and nothing else.

The approval names the digest of the prepared document; the key signs the attributes that carry
it (RFC 5652 §5.4). Anything more in them would be signed without having been approved.
"""

import hashlib
import hmac

from asn1crypto import cms, core, tsp

from hsm.algorithms import SignatureAlgorithm
from hsm.errors import ApprovalRefused

_ID_DATA = "1.2.840.113549.1.7.1"
_SIGNATURE_OIDS = {
    SignatureAlgorithm.ES256: "1.2.840.10045.4.3.2",
    SignatureAlgorithm.PS256: "1.2.840.113549.1.1.10",
    SignatureAlgorithm.RS256: "1.2.840.113549.1.1.11",
}
_SHA256_OID = "2.16.840.1.101.3.4.2.1"
_REQUIRED = {"content_type", "message_digest", "signing_certificate_v2"}
_ALLOWED = _REQUIRED | {"cms_algorithm_protection"}


def minimal_attributes(document_digest: bytes, certificate_digest: bytes) -> bytes:
    """The canonical DER of the three required attributes, as ``check_signed_attributes`` wants them.

    Sorted as DER sorts a SET OF: by its octets (X.690 §11.6).
    """
    return _SET_OF + _CONTENT_TYPE + _DIGEST_HEAD + document_digest + _CERT_HEAD + certificate_digest


_SET_OF = bytes.fromhex("318184")
_CONTENT_TYPE = bytes.fromhex("301806092a864886f70d010903310b06092a864886f70d010701")
_DIGEST_HEAD = bytes.fromhex("302f06092a864886f70d01090431220420")
# ESSCertIDv2 with hashAlgorithm left out: SHA-256 is its DEFAULT, which DER forbids to encode (RFC 5035 §4).
_CERT_HEAD = bytes.fromhex("3037060b2a864886f70d010910022f31283026302430220420")


def check_signed_attributes(
    attributes: bytes, *, document_digest: bytes, certificate: bytes, algorithm: SignatureAlgorithm
) -> None:
    """Check DER ``SET OF Attribute`` to carry this digest and this certificate, and nothing else.

    ``document_digest``: SHA-256, 32 bytes; ``certificate``: DER. Raises ApprovalRefused.
    """
    certificate_digest = hashlib.sha256(certificate).digest()
    # What our own signing service sends: compared as bytes, no parser in the way.
    if hmac.compare_digest(attributes, minimal_attributes(document_digest, certificate_digest)):
        return
    try:
        values = _parse(attributes)
        _check_values(values, document_digest, certificate_digest, algorithm)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise ApprovalRefused("The signed attributes are malformed.", detail=str(error)) from error


def find_message_digest(attributes: bytes) -> bytes:
    """The digest that unchecked attributes carry. Raises ApprovalRefused when there is none."""
    # What our own signing service sends: it stands at the same place always.
    start = len(_SET_OF) + len(_CONTENT_TYPE)
    if attributes.startswith(_DIGEST_HEAD, start):
        start += len(_DIGEST_HEAD)
        return attributes[start : start + 32]
    try:
        return bytes(_parse(attributes)["message_digest"].native)
    except (ValueError, TypeError, KeyError) as error:
        raise ApprovalRefused("The signed attributes are malformed.", detail=str(error)) from error


def _parse(attributes: bytes) -> dict[str, core.Asn1Value]:
    parsed = cms.CMSAttributes.load(attributes, strict=True)
    values: dict[str, core.Asn1Value] = {}
    for attribute in parsed:
        name = attribute["type"].native
        if name in values or len(attribute["values"]) != 1:
            _refuse("an attribute is repeated")
        values[name] = attribute["values"][0]
    # One value, one encoding: what is signed must be the DER of what was read (X.690 §11.6).
    if parsed.dump(force=True) != attributes or sorted(a.dump() for a in parsed) != [
        a.dump() for a in parsed
    ]:
        _refuse("the attributes are not DER")
    return values


def _check_values(
    values: dict[str, core.Asn1Value],
    document_digest: bytes,
    certificate_digest: bytes,
    algorithm: SignatureAlgorithm,
) -> None:
    if not _REQUIRED <= values.keys() <= _ALLOWED:
        _refuse(f"attributes {sorted(values)}")
    if values["content_type"].dotted != _ID_DATA:
        _refuse("content-type is not id-data")
    if not hmac.compare_digest(values["message_digest"].native, document_digest):
        _refuse("message-digest is not the approved document's")
    certs = tsp.SigningCertificateV2.load(values["signing_certificate_v2"].dump(), strict=True)["certs"]
    if len(certs) != 1 or certs[0]["hash_algorithm"]["algorithm"].dotted != _SHA256_OID:
        _refuse("signing-certificate-v2 names other than one certificate by SHA-256")
    if not hmac.compare_digest(certs[0]["cert_hash"].native, certificate_digest):
        _refuse("signing-certificate-v2 names another certificate")
    protection = values.get("cms_algorithm_protection")
    if protection is not None and (
        protection["digest_algorithm"]["algorithm"].dotted != _SHA256_OID
        or protection["signature_algorithm"]["algorithm"].dotted != _SIGNATURE_OIDS[algorithm]
    ):
        _refuse("cms-algorithm-protection names other algorithms")


def _refuse(reason: str) -> None:
    raise ApprovalRefused("The signed attributes are not those of the approved document.", detail=reason)
