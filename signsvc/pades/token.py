"""Read and verify an RFC 3161 time-stamp token (RFC 3161, RFC 5816, ETSI EN 319 422)."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from signsvc.pades import der
from signsvc.pades.trust import UNREADABLE, NotTrusted, TrustAnchors

MAX_CLOCK_DIFFERENCE = timedelta(minutes=5)
DIGESTS: dict[str, bytes] = {
    "sha256": der.oid("2.16.840.1.101.3.4.2.1"),
    "sha384": der.oid("2.16.840.1.101.3.4.2.2"),
    "sha512": der.oid("2.16.840.1.101.3.4.2.3"),
}
_DIGEST_NAMES = {value: key for key, value in DIGESTS.items()}
_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
_TST_INFO = der.oid("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE = der.oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE = der.oid("1.2.840.113549.1.9.16.2.12")
_SIGNING_CERTIFICATE_V2 = der.oid("1.2.840.113549.1.9.16.2.47")
_RSA_PSS = der.oid("1.2.840.113549.1.1.10")


class TokenRejected(Exception):
    """The token does not stand the checks. The text is for the log."""


_MALFORMED = (LookupError, NotTrusted, InvalidSignature, x509.ExtensionNotFound, *UNREADABLE)


@dataclass(frozen=True, slots=True)
class TimestampToken:
    """A verified token. ``encoded``: DER ContentInfo; ``chain``: the TSA's certificate up to an anchor."""

    encoded: bytes
    time: datetime
    serial_number: int
    chain: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    info: bytes
    certificates: tuple[x509.Certificate, ...]
    signer_id: der.Element
    digest_name: str
    attributes: bytes
    signature_algorithm: bytes
    signature: bytes


class TokenVerifier:
    """Verifies tokens of authorities that lead to the anchors. Thread-safe: it holds no changing state."""

    def __init__(self, anchors: TrustAnchors) -> None:
        self._anchors = anchors

    def verify_token(
        self,
        token: bytes,
        imprint: bytes,
        *,
        digest_name: str = "sha256",
        nonce: int | None = None,
        now: datetime,
    ) -> TimestampToken:
        """A fresh token over ``imprint``, as this very request asked for it. Raises TokenRejected."""
        verified, info = self._verify(token, now)
        _check_imprint(info[2], digest_name, imprint)
        nonces = [der.read_integer(element) for element in info[5:] if element.tag == der.INTEGER]
        if nonce is not None and nonces != [nonce]:
            raise TokenRejected("the nonce is not the request's")
        if abs(verified.time - now) > MAX_CLOCK_DIFFERENCE:
            raise TokenRejected(f"its time is {verified.time.isoformat()}, ours {now.isoformat()}")
        return verified

    def verify_signature(self, token: bytes, *, now: datetime) -> TimestampToken:
        """A token of any age whose signature and chain hold at ``now``. Raises TokenRejected."""
        return self._verify(token, now)[0]

    def _verify(self, token: bytes, now: datetime) -> tuple[TimestampToken, list[der.Element]]:
        """The token and the elements of its TSTInfo."""
        try:
            parts = _read_parts(token)
            signer = _find_signer(parts)
            _check_purpose(signer)
            _check_attributes(parts, signer)
            _check_signature(parts, signer)
            chain = self._anchors.find_chain(signer, parts.certificates, now=now)
            info = list(der.children(der.read_whole(parts.info, der.SEQUENCE)))
            made = TimestampToken(token, _read_time(info[4]), der.read_integer(info[3]), chain)
        except _MALFORMED as error:
            raise TokenRejected(f"{type(error).__name__}: {error}") from error
        return made, info


def _read_parts(token: bytes) -> _Parts:
    content_type, content = der.children(der.read_whole(token, der.SEQUENCE))
    if content_type.encoded != _SIGNED_DATA:
        raise der.NotDer("not SignedData")
    fields = list(der.children(der.first(content)))
    info_type, info = der.children(fields[2])
    if info_type.encoded != _TST_INFO:
        raise der.NotDer("not TSTInfo")
    certificates = [element for element in fields[3:-1] if element.tag == der.CONTEXT_0]
    (signer_info,) = der.children(fields[-1])
    _, signer_id, digest, attributes, algorithm, signature = list(der.children(signer_info))[:6]
    if attributes.tag != der.CONTEXT_0:
        raise der.NotDer("no signed attributes")
    return _Parts(
        info=der.first(info).content,
        certificates=tuple(
            _load_certificate(element.encoded) for group in certificates for element in der.children(group)
        ),
        signer_id=signer_id,
        digest_name=_DIGEST_NAMES[der.first(digest).encoded],
        attributes=bytes((der.SET,)) + attributes.encoded[1:],
        signature_algorithm=der.first(algorithm).encoded,
        signature=signature.content,
    )


@lru_cache(maxsize=256)
def _load_certificate(encoded: bytes) -> x509.Certificate:
    """A certificate object keeps its parsed extensions, and authorities send the same ones each time."""
    return x509.load_der_x509_certificate(encoded)


def _find_signer(parts: _Parts) -> x509.Certificate:
    for certificate in parts.certificates:
        if parts.signer_id.tag == der.SEQUENCE:
            issuer, serial_number = der.children(parts.signer_id)
            if (
                der.read_integer(serial_number) == certificate.serial_number
                and issuer.encoded == certificate.issuer.public_bytes()
            ):
                return certificate
        else:
            key_id = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
            if parts.signer_id.content == key_id.digest:
                return certificate
    raise TokenRejected("the signer's certificate is not in the token")


def _check_purpose(signer: x509.Certificate) -> None:
    try:
        purpose = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as error:
        raise TokenRejected("the certificate is not for time-stamping") from error
    # RFC 3161 §2.3: this one purpose, and critical.
    if not purpose.critical or list(purpose.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise TokenRejected("the certificate is not for time-stamping alone")


def _check_attributes(parts: _Parts, signer: x509.Certificate) -> None:
    values: dict[bytes, der.Element] = {}
    for attribute in der.children(der.read(parts.attributes)):
        kind, group = der.children(attribute)
        if kind.encoded in values:
            raise TokenRejected("a signed attribute is repeated")
        values[kind.encoded] = der.first(group)
    if values[_CONTENT_TYPE].encoded != _TST_INFO:
        raise TokenRejected("content-type is not TSTInfo")
    digest = hashlib.new(parts.digest_name, parts.info).digest()
    if not hmac.compare_digest(values[_MESSAGE_DIGEST].content, digest):
        raise TokenRejected("message-digest is not that of the TSTInfo")
    if not _names_certificate(values, signer):
        raise TokenRejected("signing-certificate names another certificate")


def _names_certificate(values: dict[bytes, der.Element], signer: x509.Certificate) -> bool:
    version_2 = _SIGNING_CERTIFICATE_V2 in values
    value = values[_SIGNING_CERTIFICATE_V2 if version_2 else _SIGNING_CERTIFICATE]
    first = der.first(der.first(value))
    fields = list(der.children(first))
    if not version_2:
        # RFC 3161 knew SHA-1 only; here it only tells certificates of one token apart.
        return fields[0].content == signer.fingerprint(hashes.SHA1())  # noqa: S303
    name = "sha256"
    if fields[0].tag == der.SEQUENCE:
        name = _DIGEST_NAMES[der.first(fields.pop(0)).encoded]
    return fields[0].content == signer.fingerprint(_HASHES[name]())


def _check_signature(parts: _Parts, signer: x509.Certificate) -> None:
    key = signer.public_key()
    digest = _HASHES[parts.digest_name]()
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(parts.signature, parts.attributes, ec.ECDSA(digest))
    elif isinstance(key, rsa.RSAPublicKey):
        if parts.signature_algorithm == _RSA_PSS:
            pss = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
            key.verify(parts.signature, parts.attributes, pss, digest)
        else:
            key.verify(parts.signature, parts.attributes, padding.PKCS1v15(), digest)
    else:
        raise TokenRejected("a key of this kind is not accepted")


def _check_imprint(element: der.Element, digest_name: str, imprint: bytes) -> None:
    wanted = der.octet_string(imprint)
    fields = [field.encoded for field in der.children(element)]
    algorithms = (der.sequence(DIGESTS[digest_name]), der.sequence(DIGESTS[digest_name], der.DER_NULL))
    if len(fields) != 2 or fields[0] not in algorithms or not hmac.compare_digest(fields[1], wanted):
        raise TokenRejected("the imprint is not the request's")


def _read_time(element: der.Element) -> datetime:
    text = element.content.decode("ascii")
    form = "%Y%m%d%H%M%S.%fZ" if "." in text else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text, form).replace(tzinfo=UTC)
