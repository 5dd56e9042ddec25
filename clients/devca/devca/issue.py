"""Issue a certificate on a PKCS#10 request."""

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID

from devca.ceremony import Authority
from devca.certificate import MAX_LIFETIME, build_leaf
from devca.errors import CsrRefused, RequestRefused
from devca.names import marked
from devca.profiles import Profile, get_profile

DEFAULT_LIFETIME = timedelta(days=3 * 365)
_BACKDATE = timedelta(minutes=5)  # a client's clock may be a little behind
_MIN_RSA_BITS = 2048  # Circular 15/2025/TT-BKHCN, Annex I
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_WEAK_HASHES = (hashes.SHA1, hashes.MD5)


def issue(
    authority: Authority,
    csr_pem: str,
    profile_name: str,
    *,
    now: datetime,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    dns_names: Sequence[str] = (),
    ip_addresses: Sequence[str] = (),
) -> list[x509.Certificate]:
    """The chain: the new certificate, the issuing CA, the root.

    Times may lie in the past: tests need certificates that have expired. Raises RequestRefused.
    """
    profile = get_profile(profile_name)
    csr = _verify_csr(csr_pem)
    start = (not_before or now - _BACKDATE).replace(microsecond=0)
    end = (not_after or start + DEFAULT_LIFETIME).replace(microsecond=0)
    _check_lifetime(start, end, authority.issuing.certificate.not_valid_after_utc)
    certificate = build_leaf(
        _subject(csr),
        _strong_key(csr),
        profile,
        authority.issuing,
        authority.base_url,
        not_before=start,
        not_after=end,
        alternative_names=_alternative_names(csr, profile, dns_names, ip_addresses),
    )
    authority.index.record(certificate, authority.issuing.label, profile.name, now=now)
    return [certificate, authority.issuing.certificate, authority.root.certificate]


def _verify_csr(csr_pem: str) -> x509.CertificateSigningRequest:
    try:
        csr = x509.load_pem_x509_csr(csr_pem.encode())
        algorithm = csr.signature_hash_algorithm
        signed = csr.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CsrRefused(
            "Không đọc được yêu cầu cấp chứng thư. Gửi PKCS#10 dạng PEM.",
            "The certification request cannot be read. Send PKCS#10 as PEM.",
            detail=repr(error),
        ) from error
    if not signed or isinstance(algorithm, _WEAK_HASHES):
        raise CsrRefused(
            "Yêu cầu cấp chứng thư phải được ký bằng chính khóa của nó, với SHA-256 trở lên.",
            "The certification request must be signed by its own key, with SHA-256 or better.",
        )
    return csr


def _strong_key(csr: x509.CertificateSigningRequest) -> CertificatePublicKeyTypes:
    try:
        key = csr.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CsrRefused("Không đọc được khóa công khai.", "The public key cannot be read.") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES):
        return key
    raise CsrRefused(
        "Khóa phải là RSA từ 2048 bit hoặc ECDSA trên P-256, P-384, P-521.",
        "The key must be RSA of 2048 bits or more, or ECDSA on P-256, P-384 or P-521.",
    )


def _subject(csr: x509.CertificateSigningRequest) -> x509.Name:
    if not csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        raise CsrRefused(
            "Tên chủ thể phải có CN (tên người hoặc cơ quan).",
            "The subject must have a CN (the name of the person or office).",
        )
    try:
        return marked(csr.subject)
    except ValueError as error:
        raise CsrRefused("Tên chủ thể sai.", "The subject is malformed.", detail=str(error)) from error


def _check_lifetime(start: datetime, end: datetime, ca_end: datetime) -> None:
    if not start < end <= min(start + MAX_LIFETIME, ca_end):
        raise RequestRefused(
            "Thời hạn phải từ 1 giây đến 5 năm và nằm trong thời hạn của CA.",
            "The lifetime must be between one second and five years, and end before the CA's.",
        )


def _alternative_names(
    csr: x509.CertificateSigningRequest,
    profile: Profile,
    dns_names: Sequence[str],
    ip_addresses: Sequence[str],
) -> tuple[x509.GeneralName, ...]:
    """For hosts: what the request carries, then what was asked for beside it. For people: nothing."""
    if not profile.host:
        return ()
    try:
        asked: list[x509.GeneralName] = [x509.DNSName(name) for name in dns_names]
        asked += [x509.IPAddress(ipaddress.ip_address(address)) for address in ip_addresses]
        carried = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return tuple(asked)
    except ValueError as error:
        raise RequestRefused(
            "Tên máy hoặc địa chỉ IP sai.", "A host name or IP address is malformed.", detail=str(error)
        ) from error
    return (*carried, *asked)
