"""What each kind of certificate may be used for."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from devca.errors import RequestRefused
from devca.names import profile_policy

DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336


@dataclass(frozen=True, slots=True)
class Profile:
    """Key usages, extended key usages and policy number of a kind of certificate.

    ``critical_purpose``: RFC 3161 §2.3 wants a TSA's extended key usage critical.
    """

    name: str
    policy_number: int
    content_commitment: bool
    digital_signature: bool
    purposes: tuple[x509.ObjectIdentifier, ...]
    critical_purpose: bool = False
    host: bool = False

    @property
    def policy(self) -> x509.ObjectIdentifier:
        return profile_policy(self.policy_number)

    @property
    def key_usage(self) -> x509.KeyUsage:
        return x509.KeyUsage(
            digital_signature=self.digital_signature,
            content_commitment=self.content_commitment,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=False,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )


def _document(name: str, number: int) -> Profile:
    return Profile(name, number, True, False, (DOCUMENT_SIGNING,))  # noqa: FBT003 -- named in Profile


ORGANISATION_SEAL = _document("organisation-seal", 1)
SERVICE_SEAL = _document("service-seal", 2)
PERSONAL = _document("personal", 3)
TLS_SERVER = Profile("tls-server", 4, False, True, (ExtendedKeyUsageOID.SERVER_AUTH,), host=True)  # noqa: FBT003
TLS_CLIENT = Profile("tls-client", 5, False, True, (ExtendedKeyUsageOID.CLIENT_AUTH,), host=True)  # noqa: FBT003
OCSP_RESPONDER = Profile("ocsp", 6, False, True, (ExtendedKeyUsageOID.OCSP_SIGNING,))  # noqa: FBT003
TIMESTAMPING = Profile("tsa", 7, True, True, (ExtendedKeyUsageOID.TIME_STAMPING,), critical_purpose=True)  # noqa: FBT003

# What /issue hands out; devca's own two are not for asking.
ISSUABLE = {
    profile.name: profile for profile in (ORGANISATION_SEAL, SERVICE_SEAL, PERSONAL, TLS_SERVER, TLS_CLIENT)
}
ALL_PROFILES = (*ISSUABLE.values(), OCSP_RESPONDER, TIMESTAMPING)


def get_profile(name: str) -> Profile:
    """Raises RequestRefused, naming the profiles there are."""
    try:
        return ISSUABLE[name]
    except KeyError as error:
        known = ", ".join(ISSUABLE)
        raise RequestRefused(
            f"Không có loại chứng thư này. Chọn một trong: {known}.",
            f"There is no such profile. Choose one of: {known}.",
        ) from error
