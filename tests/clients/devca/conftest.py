"""Keys, requests and OpenSSL runs for the tests of devca."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

CsrMaker = Callable[..., str]
OpenSsl = Callable[..., str]


@pytest.fixture
def make_csr() -> CsrMaker:
    """``make_csr(common_name, key=…, extensions=…, algorithm=…)`` as PEM."""

    def make(
        common_name: str = "Sở Nội vụ",
        *,
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
        extensions: tuple[x509.ExtensionType, ...] = (),
        algorithm: hashes.HashAlgorithm | None = None,
    ) -> str:
        name = [x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")]
        if common_name:
            name.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(name))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        signed = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), algorithm or hashes.SHA256())
        return signed.public_bytes(Encoding.PEM).decode()

    return make


@pytest.fixture
def openssl(tmp_path: Path) -> OpenSsl:
    """Run OpenSSL in the test's directory; its whole output. A failure fails the test unless expected."""

    def run(*arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            ["openssl", *arguments], cwd=tmp_path, capture_output=True, check=False, timeout=60
        )
        output = (done.stdout + done.stderr).decode("utf-8", "replace")
        assert (done.returncode != 0) is fails, output
        return output

    return run
