"""Build certificates: the CA's own and what it issues (RFC 5280)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import AuthorityInformationAccessOID

from devca.names import NOTICE, TRAINING_POLICY
from devca.profiles import ALL_PROFILES, OCSP_RESPONDER, Profile

# Decree 68/2024/NĐ-CP: a subscriber's certificate lives five years at most.
MAX_LIFETIME = timedelta(days=5 * 365)
ROOT_LIFETIME = timedelta(days=20 * 365)
ISSUING_LIFETIME = timedelta(days=10 * 365)


@dataclass(frozen=True, slots=True)
class Issuer:
    """A CA certificate, its key, and the name its URLs go by (``root`` or ``issuing``)."""

    label: str
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def _policies(*identifiers: x509.ObjectIdentifier) -> x509.CertificatePolicies:
    notice = x509.UserNotice(notice_reference=None, explicit_text=NOTICE)
    return x509.CertificatePolicies(
        [
            x509.PolicyInformation(TRAINING_POLICY, [notice]),
            *(x509.PolicyInformation(identifier, None) for identifier in identifiers),
        ]
    )


def _begin(
    subject: x509.Name, public_key: CertificatePublicKeyTypes, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _point_at(
    builder: x509.CertificateBuilder, issuer: Issuer, base_url: str, *, with_ocsp: bool
) -> x509.CertificateBuilder:
    """Add what leads a validator to the issuer: AKI, AIA and the CRL's address."""
    access = [
        x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS,
            x509.UniformResourceIdentifier(f"{base_url}/ca/{issuer.label}.crt"),
        )
    ]
    if with_ocsp:
        access.insert(
            0,
            x509.AccessDescription(
                AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(f"{base_url}/ocsp")
            ),
        )
    crl = x509.UniformResourceIdentifier(f"{base_url}/crl/{issuer.label}.crl")
    identifier = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        builder.issuer_name(issuer.certificate.subject)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .add_extension(x509.AuthorityInformationAccess(access), critical=False)
        .add_extension(
            x509.CRLDistributionPoints([x509.DistributionPoint([crl], None, None, None)]), critical=False
        )
    )


def build_ca(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    now: datetime,
    issuer: Issuer | None = None,
    base_url: str = "",
) -> x509.Certificate:
    """A CA certificate: self-signed root without ``issuer``, else an issuing CA below it."""
    lifetime = ROOT_LIFETIME if issuer is None else ISSUING_LIFETIME
    builder = _begin(subject, key.public_key(), now - timedelta(minutes=5), now + lifetime)
    # RFC 5280 §6.1.3: a policy is valid in the leaf only if each CA on the path asserts it too.
    builder = builder.add_extension(_policies(*(profile.policy for profile in ALL_PROFILES)), critical=False)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=1 if issuer is None else 0), critical=True
    ).add_extension(
        x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        ),
        critical=True,
    )
    if issuer is None:
        return builder.issuer_name(subject).sign(key, hashes.SHA256())
    return _point_at(builder, issuer, base_url, with_ocsp=False).sign(issuer.key, hashes.SHA256())


def build_leaf(
    subject: x509.Name,
    public_key: CertificatePublicKeyTypes,
    profile: Profile,
    issuer: Issuer,
    base_url: str,
    *,
    not_before: datetime,
    not_after: datetime,
    alternative_names: tuple[x509.GeneralName, ...] = (),
) -> x509.Certificate:
    """An end-entity certificate of this profile; times are aware UTC."""
    builder = _begin(subject, public_key, not_before, not_after)
    builder = _point_at(builder, issuer, base_url, with_ocsp=profile is not OCSP_RESPONDER)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(profile.key_usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(profile.purposes), critical=profile.critical_purpose)
        .add_extension(_policies(profile.policy), critical=False)
    )
    if profile is OCSP_RESPONDER:
        # RFC 6960 §4.2.2.2.1: nobody asks the responder about itself.
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    if alternative_names:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative_names), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())
