"""A small public key infrastructure in memory, with its CRLs on a local web server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.signers import SimpleSigner
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def subject_name(common_name: str, organisation: str = "Sở Thử nghiệm") -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Văn phòng"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


@dataclass
class Holder:
    """A key and its certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def asn1(self) -> Any:
        return asn1_x509.Certificate.load(self.der)

    @property
    def asn1_key(self) -> Any:
        encoded = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return asn1_keys.PrivateKeyInfo.load(encoded)


@dataclass
class Authority:
    """A root and an issuing authority. ``revoked``: serial numbers and since when."""

    url: str
    root: Holder
    issuing: Holder
    revoked: dict[int, datetime] = field(default_factory=dict)
    _tsa: Holder | None = None

    def issue(
        self,
        name: str = "Nguyễn Văn A",
        *,
        not_before: datetime = NOW - YEAR,
        not_after: datetime = NOW + YEAR,
        key: PrivateKey | None = None,
        tsa: bool = False,
        policy: str | None = None,
        digest: hashes.HashAlgorithm | None = None,
        key_usage: bool = True,
    ) -> Holder:
        key = key or ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(subject_name(name), self.issuing.certificate.subject, key, not_before, not_after)
            .add_extension(_usage(sign=key_usage), critical=True)
            .add_extension(self._crl_point("issuing"), critical=False)
        )
        if tsa:
            purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(purpose, critical=True)
        if policy is not None:
            information = x509.PolicyInformation(x509.ObjectIdentifier(policy), None)
            builder = builder.add_extension(x509.CertificatePolicies([information]), critical=False)
        return Holder(key, builder.sign(self.issuing.key, digest or hashes.SHA256()))

    def crl(self, name: str, at: datetime, lifetime: timedelta = timedelta(days=1)) -> bytes:
        signer = self.issuing if name == "issuing" else self.root
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(signer.certificate.subject)
            .last_update(at - timedelta(minutes=10))
            .next_update(at + lifetime)
            .add_extension(x509.CRLNumber(int(at.timestamp())), critical=False)
        )
        for serial, since in self.revoked.items():
            if name == "issuing" and since <= at:
                entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
                builder = builder.add_revoked_certificate(entry)
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def signer(self, holder: Holder, *, issuer: Holder | None = None, **options: Any) -> SimpleSigner:
        store = SimpleCertificateStore()
        store.register_multiple([(issuer or self.issuing).asn1])
        return SimpleSigner(
            signing_cert=holder.asn1, signing_key=holder.asn1_key, cert_registry=store, **options
        )

    def timestamper(self, at: datetime, holder: Holder | None = None) -> DummyTimeStamper:
        if holder is None:
            # pyHanko's stamper signs with RSA only.
            if self._tsa is None:
                key = rsa.generate_private_key(65537, 2048)
                self._tsa = self.issue("TSA", tsa=True, key=key, not_before=NOW - 10 * YEAR)
            holder = self._tsa
        store = SimpleCertificateStore()
        store.register_multiple([self.issuing.asn1])
        return DummyTimeStamper(holder.asn1, holder.asn1_key, certs_to_embed=store, fixed_dt=at)

    def write_roots(self, folder: Path) -> Path:
        path = folder / "root.pem"
        path.write_bytes(self.root.certificate.public_bytes(Encoding.PEM))
        return path

    def _crl_point(self, name: str) -> x509.CRLDistributionPoints:
        location = x509.UniformResourceIdentifier(f"{self.url}{name}.crl")
        return x509.CRLDistributionPoints([x509.DistributionPoint([location], None, None, None)])


def make_authority(url: str, name: str = "CA") -> Authority:
    root_key, issuing_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, issuing_name = subject_name(f"{name} gốc"), subject_name(f"{name} cấp")
    span = (NOW - 20 * YEAR, NOW + 20 * YEAR)
    root = Holder(
        root_key,
        _builder(root_name, root_name, root_key, *span, authority=True).sign(root_key, hashes.SHA256()),
    )
    made = Authority(url, root, root)
    builder = _builder(issuing_name, root_name, issuing_key, *span, authority=True)
    builder = builder.add_extension(made._crl_point("root"), critical=False)
    made.issuing = Holder(issuing_key, builder.sign(root_key, hashes.SHA256()))
    return made


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: PrivateKey,
    not_before: datetime,
    not_after: datetime,
    *,
    authority: bool = False,
) -> x509.CertificateBuilder:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.add_extension(_usage(sign=False, authority=True), critical=True) if authority else builder


def _usage(*, sign: bool, authority: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=sign,
        key_encipherment=not sign and not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass
class CrlServer:
    """Serves the authority's CRLs as they are at ``moment``. ``asked``: the paths, in order."""

    url: str
    authority: Authority
    moment: datetime = NOW
    away: bool = False
    asked: list[str] = field(default_factory=list)


@contextmanager
def serve_crls() -> Iterator[CrlServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            name = self.path.strip("/").removesuffix(".crl")
            if server.away or name not in ("root", "issuing"):
                self.send_error(503)
                return
            body = server.authority.crl(name, server.moment)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        url = f"http://127.0.0.1:{http.server_port}/"
        server = CrlServer(url, make_authority(url))
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        http.shutdown()
        thread.join()
