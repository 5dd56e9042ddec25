"""RFC 8705: clients that prove who they are, or bind their tokens, by a TLS client certificate.

The gateway asks for the certificate. For ``tls_client_auth`` it verified the chain up to a trusted CA; the
name in it is checked here. For ``self_signed_tls_client_auth`` the key is what counts: it must be one that
the client registered.
"""

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import OctKey

from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.compact_jws import VerifyingKey


def certificate_thumbprint(der: bytes) -> str:
    """``x5t#S256`` (§3.1): base64url of the SHA-256 of the DER."""
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def is_valid_at(der: bytes, now: datetime) -> bool:
    certificate = x509.load_der_x509_certificate(der)
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def names_client(der: bytes, metadata: ClientMetadata) -> bool:
    """§2.1.2: the one name that was registered: a subject DN (RFC 4514), a DNS name or a URI."""
    certificate = x509.load_der_x509_certificate(der)
    if metadata.tls_client_auth_subject_dn:
        try:
            wanted = x509.Name.from_rfc4514_string(metadata.tls_client_auth_subject_dn)
        except ValueError:
            return False
        return certificate.subject == wanted
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if metadata.tls_client_auth_san_dns:
        return metadata.tls_client_auth_san_dns.lower() in (
            name.lower() for name in names.get_values_for_type(x509.DNSName)
        )
    uri = metadata.tls_client_auth_san_uri
    return bool(uri) and uri in names.get_values_for_type(x509.UniformResourceIdentifier)


def is_of_key(der: bytes, keys: Iterable[VerifyingKey]) -> bool:
    """§2.2: whether the certificate's key is one of these; its subject and its issuer say nothing."""
    presented = x509.load_der_x509_certificate(der).public_key()
    spki = presented.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return any(not isinstance(key.key, OctKey) and key.key.as_der(private=False) == spki for key in keys)
