"""A key in memory with a certificate of devca: it stands in for the key process, and signs like it."""

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
from signsvc.pades.levels import Level
from signsvc.pades.prepare import Prepared, SignatureRequest, embed, prepare
from signsvc.pades.revocation import RevocationSource
from signsvc.pades.timestamp import TimestampClient
from tests.servers.devca import Devca

SAMPLES = Path(__file__).parents[2] / "samples"


@dataclass(frozen=True)
class SoftwareSigner:
    template: CmsTemplate
    sign: Callable[[bytes], bytes]


@dataclass(frozen=True)
class Services:
    timestamps: TimestampClient
    revocations: RevocationSource
    augmenter: Augmenter
    fresh: Callable[[], "Services"]


@dataclass(frozen=True)
class Done:
    prepared: Prepared
    now: datetime
    token: bytes


def enrol(devca: Devca, algorithm: SignatureAlgorithm, name: str = "Nguyễn Văn Mẫu") -> SoftwareSigner:
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if algorithm is SignatureAlgorithm.ES256:
        key = ec.generate_private_key(ec.SECP256R1())
    else:
        key = rsa.generate_private_key(65537, 3072)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    pems = devca.issue(csr.public_bytes(Encoding.PEM).decode(), "personal")
    chain = tuple(x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER) for pem in pems)
    return SoftwareSigner(make_template(algorithm, chain), lambda data: _sign(key, algorithm, data))


def _sign(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, algorithm: SignatureAlgorithm, data: bytes
) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
    if algorithm is SignatureAlgorithm.PS256:
        return key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def sign_document(
    path: Path,
    signer: SoftwareSigner,
    level: Level = Level.B_B,
    services: Services | None = None,
    *,
    visible: VisibleSignature | None = None,
    appearances: Appearances | None = None,
    password: str | None = None,
    durable: bool = True,
) -> Done:
    """The way a use case goes, with a key in memory."""
    now = datetime.now(UTC)
    room = services.timestamps.token_bytes if services and level.timestamped else 0
    request = SignatureRequest(
        reserve=signer.template.reserve(room), signing_time=now, visible=visible, password=password
    )
    prepared = prepare(path, request, appearances)
    attributes = signer.template.signed_attributes(prepared.digest)
    signature = signer.sign(attributes)
    token = b""
    if services and level.timestamped:
        imprint = hashes.Hash(hashes.SHA256())
        imprint.update(signature)
        token = services.timestamps.timestamp(imprint.finalize(), now=now).encoded
    embed(path, prepared, signer.template.cms(attributes, signature, token), check=durable, fsync=durable)
    if services and level.long_term:
        signed = Signed(prepared.size, signer.template.chain, token, password=password)
        services.augmenter.augment(path, signed, level, now=now, fsync=durable)
    return Done(prepared, now, token)
