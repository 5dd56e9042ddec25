"""Between hosts the trust line is mutual TLS, and a certificate that is not the caller's gets nowhere."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from grpc_health.v1 import health

from hsm.api import hsm_pb2_grpc
from hsm.client import CredentialNotUsable, KeyProcess, KeyProcessUnavailable
from hsm.server import listen
from hsm.services import SigningService
from hsm.settings import Listener
from hsm.tls import TlsFiles


class _NoCredentials:
    def get_credential(self, credential_id: str) -> Any:
        raise CredentialNotUsable("There is no such credential.")


def _certified(devca: Any, directory: Path, name: str, profile: str, **extra: Any) -> TlsFiles:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name.from_rfc4514_string(f"CN={name}")
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    chain = devca.issue(csr.public_bytes(serialization.Encoding.PEM).decode(), profile, **extra)
    files = TlsFiles(
        certificate=directory / f"{name}.pem", key=directory / f"{name}.key", authority=directory / "root.pem"
    )
    files.certificate.write_text("".join(chain))
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    files.authority.write_text(devca.root_pem)
    return files


def _common_name(files: TlsFiles) -> str:
    leaf = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    [attribute] = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(attribute.value)


@pytest.fixture
def parties(devca: Any, tmp_path: Path) -> dict[str, TlsFiles]:
    return {
        "server": _certified(devca, tmp_path, "hsm", "tls-server", dns_names=["localhost"]),
        "signsvc": _certified(devca, tmp_path, "signsvc", "tls-client", dns_names=["signsvc.test"]),
        "stranger": _certified(devca, tmp_path, "stranger", "tls-client", dns_names=["stranger.test"]),
    }


@pytest.fixture
def target(parties: dict[str, TlsFiles]) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    listener = Listener(
        address=f"localhost:{port}", tls=parties["server"], peer_name=_common_name(parties["signsvc"])
    )
    service = SigningService(
        signing=None,  # type: ignore[arg-type]
        directory=_NoCredentials(),  # type: ignore[arg-type]
        profile={}.get,
        clock=None,  # type: ignore[arg-type]
    )
    server = listen(
        listener, 2, health.HealthServicer(),
        lambda server: hsm_pb2_grpc.add_SigningServicer_to_server(service, server),
    )  # fmt: skip
    yield f"localhost:{port}"
    server.stop(None).wait(5)


def test_the_caller_is_known_by_its_certificate(target: str, parties: dict[str, TlsFiles]) -> None:
    client = KeyProcess(target, tls=parties["signsvc"], deadline=5)
    with pytest.raises(CredentialNotUsable):
        client.credential("none")
    client.close()


def test_another_certificate_of_the_same_authority_is_refused(
    target: str, parties: dict[str, TlsFiles]
) -> None:
    client = KeyProcess(target, tls=parties["stranger"], deadline=5)
    with pytest.raises(KeyProcessUnavailable) as refusal:
        client.credential("none")
    assert "UNAUTHENTICATED" in refusal.value.detail
    client.close()


def test_nobody_connects_without_a_certificate(target: str) -> None:
    client = KeyProcess(target, deadline=2)
    with pytest.raises(KeyProcessUnavailable):
        client.credential("none")
    client.close()


def test_a_network_listener_without_tls_does_not_start() -> None:
    with pytest.raises(RuntimeError, match="unix socket"):
        listen(Listener(address="127.0.0.1:0"), 1, health.HealthServicer(), lambda _: None)


def test_a_socket_is_closed_to_other_users(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    server = listen(Listener(address=f"unix:{path}"), 1, health.HealthServicer(), lambda _: None)
    assert path.stat().st_mode & 0o007 == 0
    server.stop(None).wait(5)
