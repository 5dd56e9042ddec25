"""A small PKI of its own: a real-looking authority, so that tests may bend every certificate."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*names):
    known = [
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ]
    return x509.KeyUsage(**{name: name in names for name in known})


class Pki:
    """Root and issuing CA with given names; ``leaf(**bends)`` makes a signer's certificate."""

    def __init__(self, root="CA gốc Chính phủ", issuing="CA Chính phủ", issuing_days=3650):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._issuing_key = ec.generate_private_key(ec.SECP256R1())
        ca = [(x509.BasicConstraints(ca=True, path_length=None), True), (_usage("key_cert_sign"), True)]
        self.root = self._sign(root, self._root_key, root, self._root_key, ca)
        self.issuing = self._sign(
            issuing, self._issuing_key, root, self._root_key, ca, end=NOW + timedelta(days=issuing_days)
        )
        self._issuing_name = issuing

    @property
    def spki(self):
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def leaf(
        self,
        name="Sở Nội vụ",
        *,
        usage=("content_commitment",),
        purposes=("1.3.6.1.5.5.7.3.36",),
        ca=False,
        policies=(),
        start=NOW - timedelta(days=1),
        end=NOW + timedelta(days=365),
    ):
        extensions = [(x509.BasicConstraints(ca=ca, path_length=None), True)]
        if usage:
            extensions.append((_usage(*usage), True))
        if purposes:
            extensions.append((x509.ExtendedKeyUsage(map(x509.ObjectIdentifier, purposes)), False))
        if policies:
            information = [x509.PolicyInformation(x509.ObjectIdentifier(each), None) for each in policies]
            extensions.append((x509.CertificatePolicies(information), False))
        return self._sign(
            name, self.key, self._issuing_name, self._issuing_key, extensions, start=start, end=end
        )

    def chain(self, **bends):
        return [self.leaf(**bends), self.issuing, self.root]

    @staticmethod
    def _sign(subject, key, issuer, issuer_key, extensions, *, start=NOW - timedelta(days=2), end=None):
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end or NOW + timedelta(days=3650))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
            )
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(issuer_key, hashes.SHA256())


@pytest.fixture(scope="session")
def pki():
    return Pki()


@pytest.fixture(scope="session")
def make_pki():
    return Pki
