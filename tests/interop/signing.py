"""Sign as the service does, with keys in memory that the development authority certified.

The PAdES code is the service's own; the key process is left out, so that what a foreign validator says is
about the documents alone.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.algorithms import SignatureAlgorithm
from signsvc.pades.appearance import Appearances, VisibleSignature
from signsvc.pades.augment import Augmenter, Signed
from signsvc.pades.cms import CmsTemplate, make_template
from signsvc.pades.fetch import Fetcher
from signsvc.pades.levels import Level
from signsvc.pades.prepare import SignatureRequest, embed, prepare
from signsvc.pades.revocation import RevocationSource
from signsvc.pades.timestamp import TimestampClient
from signsvc.pades.token import TokenVerifier
from signsvc.pades.trust import TrustAnchors
from tests.servers.devca import Devca

SAMPLES = Path(__file__).parents[1] / "samples"
SIGNER = "Nguyễn Văn Mẫu"


@dataclass(frozen=True)
class Key:
    """A key with its certificate chain inside the template. ``sign``: signed attributes to signature."""

    template: CmsTemplate
    sign: Callable[[bytes], bytes]

    @property
    def serial(self) -> int:
        """The certificate's serial number."""
        return x509.load_der_x509_certificate(self.template.chain[0]).serial_number

    @property
    def name(self) -> str:
        """The certificate's common name: the development authority marks it as a specimen."""
        subject = x509.load_der_x509_certificate(self.template.chain[0]).subject
        return str(subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)


def enrol(devca: Devca, algorithm: SignatureAlgorithm, name: str = SIGNER) -> Key:
    """A new key: P-256 for ES256, RSA-3072 for the others."""
    if algorithm is SignatureAlgorithm.ES256:
        curve_key = ec.generate_private_key(ec.SECP256R1())
        template = make_template(algorithm, _certify(devca, curve_key, name))
        return Key(template, lambda data: curve_key.sign(data, ec.ECDSA(hashes.SHA256())))
    rsa_key = rsa.generate_private_key(65537, 3072)
    template = make_template(algorithm, _certify(devca, rsa_key, name))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    scheme = pss if algorithm is SignatureAlgorithm.PS256 else padding.PKCS1v15()
    return Key(template, lambda data: rsa_key.sign(data, scheme, hashes.SHA256()))


def _certify(
    devca: Devca, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str
) -> tuple[bytes, ...]:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    pems = devca.issue(csr.public_bytes(Encoding.PEM).decode(), "personal")
    return tuple(x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER) for pem in pems)


class Signing:
    """Signs files in place at any level, with the services of one development authority."""

    def __init__(self, devca: Devca, key: Key, appearances: Appearances) -> None:
        anchors = TrustAnchors([x509.load_pem_x509_certificate(devca.root_pem.encode())])
        self.key = key
        self._appearances = appearances
        self._fetcher = Fetcher([devca.base_url])
        self._timestamps = TimestampClient([devca.tsa_url], TokenVerifier(anchors), self._fetcher)
        self._augmenter = Augmenter(self._timestamps, RevocationSource(self._fetcher), anchors)

    def close(self) -> None:
        self._fetcher.close()

    def sign(
        self,
        path: Path,
        level: Level,
        *,
        key: Key | None = None,
        visible: VisibleSignature | None = None,
        password: str | None = None,
    ) -> None:
        now = datetime.now(UTC)
        key = key or self.key
        room = self._timestamps.token_bytes if level.timestamped else 0
        request = SignatureRequest(
            reserve=key.template.reserve(room), signing_time=now, visible=visible, password=password
        )
        prepared = prepare(path, request, self._appearances)
        attributes = key.template.signed_attributes(prepared.digest)
        signature = key.sign(attributes)
        token = b""
        if level.timestamped:
            token = self._timestamps.timestamp(hashlib.sha256(signature).digest(), now=now).encoded
        embed(path, prepared, key.template.cms(attributes, signature, token))
        if level.long_term:
            signed = Signed(prepared.size, key.template.chain, token, password=password)
            self._augmenter.augment(path, signed, level, now=now)

    def renew(self, path: Path) -> None:
        """Add another document time-stamp to a B-LTA document."""
        self._augmenter.renew(path, now=datetime.now(UTC))


def change_a_byte(path: Path) -> None:
    """Tamper with what the first signature covers, leaving a readable document."""
    content = bytearray(path.read_bytes())
    content[content.index(b"/MediaBox") + 1] ^= 0x20
    path.write_bytes(content)
