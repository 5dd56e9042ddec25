"""RFC 3161 time-stamps over SHA-256 digests: ask, read, verify (RFC 5816, RFC 5652).

A time-stamp is trusted at its own time: its authority's certificate must lead to an anchor then.
Revocation is not asked for; whoever relies on an old anchor can, with the chain that is in the token.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError
from pyhanko_certvalidator.registry import SimpleTrustManager

from hsm.journal.errors import AnchorInvalid

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
# What reading hostile DER, or a key of an unexpected kind, may raise.
_UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, UnsupportedAlgorithm)


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A verified time-stamp: when, and by whom (the authority's subject)."""

    time: datetime
    serial: int
    authority: str


def new_nonce() -> int:
    """64 random bits, positive."""
    return secrets.randbits(63) | 1 << 63


def timestamp_request(digest: bytes, nonce: int) -> bytes:
    """A TimeStampReq (RFC 3161 §2.4.1), DER, for a SHA-256 digest; the certificate is asked for."""
    imprint = {"hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}), "hashed_message": digest}
    request = tsp.TimeStampReq(
        {"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True}
    )
    return bytes(request.dump())


def verify_response(
    response: bytes, digest: bytes, anchors: Sequence[x509.Certificate], *, nonce: int | None = None
) -> Timestamp:
    """The time-stamp of a TimeStampResp over this SHA-256 digest. Raises AnchorInvalid.

    ``nonce``: the request's, for a fresh answer; None for one that was kept.
    """
    try:
        return _verify(response, digest, anchors, nonce)
    except _UNREADABLE as error:
        raise AnchorInvalid("The time-stamp cannot be read.", detail=repr(error)) from error


def _verify(
    response: bytes, digest: bytes, anchors: Sequence[x509.Certificate], nonce: int | None
) -> Timestamp:
    answer = tsp.TimeStampResp.load(response, strict=True)
    # 0 granted, 1 with modifications: we ask for nothing that may be modified (RFC 3161 §2.4.2).
    if int(answer["status"]["status"]) != 0:
        raise AnchorInvalid("The time-stamp was not granted.", detail=str(answer["status"].native)[:300])
    if answer["time_stamp_token"]["content_type"].native != "signed_data":
        raise AnchorInvalid("The time-stamp is not SignedData.")
    signed = answer["time_stamp_token"]["content"]
    content = signed["encap_content_info"]
    if content["content_type"].native != "tst_info" or len(signed["signer_infos"]) != 1:
        raise AnchorInvalid("The time-stamp is not one signature over a TSTInfo.")
    info = tsp.TSTInfo.load(bytes(content["content"].contents), strict=True)
    imprint = info["message_imprint"]
    if (
        imprint["hash_algorithm"]["algorithm"].native != "sha256"
        or imprint["hashed_message"].native != digest
    ):
        raise AnchorInvalid("The time-stamp is of something else.")
    if nonce is not None and info["nonce"].native != nonce:
        raise AnchorInvalid("The time-stamp answers another request.")
    signer_info = signed["signer_infos"][0]
    certificates = [x509.load_der_x509_certificate(one.chosen.dump()) for one in signed["certificates"]]
    signer = _find_signer(signer_info["sid"], certificates)
    _check_attributes(signer_info, bytes(content["content"].contents), signer)
    _check_signature(signer_info, signer)
    moment = info["gen_time"].native
    _check_chain(signer, certificates, anchors, moment)
    return Timestamp(moment, int(info["serial_number"].native), signer.subject.rfc4514_string())


def _find_signer(sid: cms.SignerIdentifier, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    for certificate in certificates:
        parsed = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
        if sid.name == "issuer_and_serial_number":
            named = sid.chosen
            if parsed.issuer == named["issuer"] and parsed.serial_number == named["serial_number"].native:
                return certificate
        elif parsed.key_identifier == sid.chosen.native:
            return certificate
    raise AnchorInvalid("The time-stamp does not bring its authority's certificate.")


def _check_attributes(signer_info: Any, content: bytes, signer: x509.Certificate) -> None:
    values: dict[str, Any] = {}
    for attribute in signer_info["signed_attrs"]:
        kind = attribute["type"].native
        if kind in values or len(attribute["values"]) != 1:
            raise AnchorInvalid("A signed attribute of the time-stamp is repeated.")
        values[kind] = attribute["values"][0]
    digest = hashlib.new(_digest_name(signer_info), content).digest()
    if values["content_type"].native != "tst_info" or values["message_digest"].native != digest:
        raise AnchorInvalid("The time-stamp's signature is not over its content.")
    # RFC 5816: the signed attributes name the certificate, so that no other can be put in its place.
    if "signing_certificate_v2" in values:
        named = values["signing_certificate_v2"]["certs"][0]
        algorithm = _HASHES[named["hash_algorithm"]["algorithm"].native]()
    else:
        named = values["signing_certificate"]["certs"][0]
        algorithm = hashes.SHA1()  # noqa: S303 -- RFC 3161 knew no other; the chain is checked besides
    if named["cert_hash"].native != signer.fingerprint(algorithm):
        raise AnchorInvalid("The time-stamp names another certificate.")


def _digest_name(signer_info: Any) -> str:
    name = str(signer_info["digest_algorithm"]["algorithm"].native)
    if name not in _HASHES:
        raise AnchorInvalid("The time-stamp's digest algorithm is not accepted.", detail=name)
    return name


def _check_signature(signer_info: Any, signer: x509.Certificate) -> None:
    key = signer.public_key()
    value = signer_info["signature"].native
    attributes = signer_info["signed_attrs"].untag().dump()
    digest = _HASHES[_digest_name(signer_info)]()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, attributes, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            pss = signer_info["signature_algorithm"].signature_algo == "rsassa_pss"
            scheme: padding.AsymmetricPadding = (
                padding.PSS(padding.MGF1(digest), padding.PSS.AUTO) if pss else padding.PKCS1v15()
            )
            key.verify(value, attributes, scheme, digest)
        else:
            raise AnchorInvalid("The authority's key is of a kind that is not accepted.")
    except InvalidSignature as error:
        raise AnchorInvalid("The time-stamp's signature does not verify.") from error


def _check_chain(
    signer: x509.Certificate,
    certificates: Sequence[x509.Certificate],
    anchors: Sequence[x509.Certificate],
    moment: datetime,
) -> None:
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as error:
        raise AnchorInvalid("The certificate is not for time-stamping.") from error
    # RFC 3161 §2.3: this one purpose, and critical.
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise AnchorInvalid("The certificate is not for time-stamping alone.")
    context = ValidationContext(
        trust_manager=SimpleTrustManager.build(trust_roots=[_parsed(anchor) for anchor in anchors]),
        moment=moment,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    validator = CertificateValidator(
        _parsed(signer), intermediate_certs=[_parsed(one) for one in certificates], validation_context=context
    )
    try:
        asyncio.run(validator.async_validate_usage(set(), {"time_stamping"}))  # type: ignore[no-untyped-call]
    except (PathBuildingError, PathValidationError) as error:
        raise AnchorInvalid(
            "The time-stamping authority is not one that is trusted.", detail=str(error)
        ) from error


def _parsed(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
