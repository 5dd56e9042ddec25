"""Certificates on USB tokens: enrolled in my account, and what is refused at the login."""

import ipaddress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.idp.people import Browser, enrol
from tests.idp.provider import START, Provider
from tests.idp.software_keys import SoftwareKeys

HEADER = "X-Client-Certificate"
GATEWAY = "127.0.0.1/32"


class Authority:
    """An issuing CA of the test."""

    def __init__(self, name: str = "CA MẪU") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(name, self.key, self.key, name, ca=True)

    def issue(self, name: str, *, client: bool = True, days: int = 30, ca: bool = False) -> x509.Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        return self._sign(name, key, self.key, str(issuer), client=client, days=days, ca=ca)

    @staticmethod
    def _sign(name: str, key: Any, by: Any, issuer: str, **what: Any) -> x509.Certificate:
        usage = (
            ExtendedKeyUsageOID.CLIENT_AUTH if what.get("client", True) else ExtendedKeyUsageOID.CODE_SIGNING
        )
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(START - timedelta(days=40))
            .not_valid_after(START + timedelta(days=what.get("days", 3650)))
            .add_extension(x509.BasicConstraints(ca=what.get("ca", False), path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .sign(by, hashes.SHA256())
        )


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def provider(tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys, authority: Authority) -> Provider:
    (tmp_path / "ca.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    return Provider(
        tmp_path,
        redis_url=redis_url,
        key_process=shared_keys.target,
        certificate_authorities_file=tmp_path / "ca.pem",
        # Whether one is revoked is asked for in test_certificate_status.py.
        certificate_status="gateway",
        client_certificate_header=HEADER,
        gateway_addresses=(GATEWAY,),
    )


def carrying(browser: Browser, certificate: x509.Certificate, *, gateway: str = "127.0.0.1") -> None:
    """From now on the gateway says that this browser has the key of ``certificate``."""
    pem = certificate.public_bytes(Encoding.PEM).decode()
    browser.client.environ_base = {
        "HTTP_X_CLIENT_CERTIFICATE": quote(pem),
        "REMOTE_ADDR": str(ipaddress.ip_address(gateway)),
    }


def enrolled(provider: Provider, certificate: x509.Certificate) -> str:
    person = enrol(provider)
    services = provider.app.extensions["idp"]
    services.login.certificates.enrol(person.person, certificate, "USB", provider.clock())
    return person.person_id


def test_a_certificate_is_added_in_my_account_and_logs_in(provider: Provider, authority: Authority) -> None:
    person = enrol(provider)
    browser = Browser(provider)
    carrying(browser, authority.issue("Lan MẪU"))
    browser.login(person)
    browser.get("/account/factors")
    assert "Đã thêm chứng thư số." in browser.post("/account/factors/certificate").text
    # It lifts a login by password and one-time password, so it waits.
    provider.clock.pass_(days=1)
    browser.get("/account")
    browser.post(f"{browser.path}/certificate")
    assert browser.path == "/account"
    found = provider.app.extensions["idp"].sessions.of_person(
        person.person_id, int(provider.clock().timestamp())
    )
    # Both began in the same second.
    assert ("LoA4", ("mfa", "sc")) in {(each.acr, each.amr) for each in found}


@pytest.mark.parametrize(
    "fault", ["other authority", "expired", "not for clients", "an authority", "unknown"]
)
def test_another_certificate_logs_nobody_in(provider: Provider, authority: Authority, fault: str) -> None:
    presented = {
        "other authority": Authority("CA MẪU").issue("Lan MẪU"),
        "expired": authority.issue("Lan MẪU", days=-1),
        "not for clients": authority.issue("Lan MẪU", client=False),
        "an authority": authority.issue("Lan MẪU", ca=True),
        "unknown": authority.issue("Lan MẪU"),
    }[fault]
    browser = Browser(provider)
    carrying(browser, presented)
    browser.get("/account")
    page = browser.post(f"{browser.path}/certificate")
    assert page.status_code == 400
    assert "Không đăng nhập được bằng chứng thư số" in page.text


def test_a_header_from_elsewhere_than_the_gateway_is_nothing(
    provider: Provider, authority: Authority
) -> None:
    """Anybody can send a header."""
    certificate = authority.issue("Lan MẪU")
    enrolled(provider, certificate)
    browser = Browser(provider)
    carrying(browser, certificate, gateway="192.0.2.7")
    browser.get("/account")
    assert browser.post(f"{browser.path}/certificate").status_code == 400
    carrying(browser, certificate)
    browser.get("/account")
    browser.post(f"{browser.path}/certificate")
    assert browser.path == "/account"
