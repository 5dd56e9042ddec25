"""A revoked certificate logs nobody in: asked of a real authority, by OCSP and by its CRL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from idp.errors import LoginRefused
from idp.login.certificate_status import REVOKED
from idp.outbound.client import Answer
from tests.idp.people import Browser, enrol
from tests.idp.provider import Provider
from tests.idp.silence import Silence
from tests.idp.software_keys import SoftwareKeys
from tests.idp.web.test_certificate_login import GATEWAY, HEADER, carrying, enrolled
from tests.servers.devca import Devca

# Loopback, as the development authority is: elsewhere no private address is reached.
HERE = "http://127.0.0.1:8081"


@pytest.fixture
def make(tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys, devca: Devca) -> Any:
    def build(rule: str = "required", **settings: Any) -> Provider:
        (tmp_path / "ca.pem").write_text(devca.issuing_pem)
        provider = Provider(
            tmp_path,
            redis_url=redis_url,
            key_process=shared_keys.target,
            certificate_authorities_file=tmp_path / "ca.pem",
            client_certificate_header=HEADER,
            gateway_addresses=(GATEWAY,),
            certificate_status=rule,
            **{"issuer": HERE, **settings},
        )
        provider.clock.now = datetime.now(UTC)
        return provider

    return build


def issued(devca: Devca) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "MẪU lan.example.vn")])
    names = x509.SubjectAlternativeName([x509.DNSName("lan.example.vn")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).add_extension(names, critical=False)
    signed = request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    return x509.load_pem_x509_certificate(devca.issue(signed, "tls-client")[0].encode())


def log_in(provider: Provider, certificate: x509.Certificate) -> Browser:
    browser = Browser(provider)
    carrying(browser, certificate)
    browser.get("/account")
    browser.post(f"{browser.path}/certificate")
    return browser


@pytest.mark.parametrize("fault", [{}, {"ocsp": "try_later"}], ids=["ocsp", "crl"])
def test_a_revoked_certificate_logs_nobody_in_and_is_suspended(
    make: Any, devca: Devca, fault: dict[str, str]
) -> None:
    """A lost token that was reported to the authority, and to nobody here."""
    provider, certificate, kept = make(), issued(devca), issued(devca)
    person_id = enrolled(provider, certificate)
    enrolled(provider, kept)
    assert log_in(provider, certificate).path == "/account"
    devca.revoke(certificate.serial_number, "keyCompromise")
    # The list of before is still good, so it would be kept: an authority's answer is asked for anew.
    provider.app.extensions["idp"].login.certificates.status.crls.clear()
    if fault:
        devca.misbehave(**fault)
    refused = log_in(provider, certificate)
    assert refused.page is not None
    assert refused.page.status_code == 400
    assert "Chứng thư số này đã bị thu hồi" in refused.page.text
    [factor] = [
        each
        for each in provider.app.extensions["idp"].factors.of_person(person_id)
        if each.kind == "certificate"
    ]
    assert factor.state == "suspended"
    assert log_in(provider, kept).path == "/account"


def test_a_revoked_certificate_is_not_enrolled(make: Any, devca: Devca) -> None:
    provider, certificate = make(), issued(devca)
    devca.revoke(certificate.serial_number)
    person = enrol(provider)
    with pytest.raises(LoginRefused):
        provider.app.extensions["idp"].login.certificates.enrol(
            person.person, certificate, "USB", provider.clock()
        )


@pytest.mark.parametrize(
    "fault", [{"ocsp": "wrong_signer"}, {"ocsp": "stale"}, {"ocsp": "unknown"}, {"ocsp": "try_later"}]
)
@pytest.mark.parametrize(("rule", "path"), [("required", ""), ("when_answered", "/account")])
def test_no_answer_that_can_be_believed_is_no_login_unless_agreed_otherwise(
    make: Any, devca: Devca, monkeypatch: pytest.MonkeyPatch, rule: str, path: str, fault: dict[str, str]
) -> None:
    monkeypatch.setattr("idp.login.certificate_status._lists", lambda _certificate: [])
    provider, certificate = make(rule), issued(devca)
    enrolled(provider, certificate)
    devca.misbehave(**fault)
    reached = log_in(provider, certificate)
    assert (reached.path if path else "") == path
    assert reached.page is not None
    assert reached.page.status_code == (200 if path else 400)
    # Not "plug it in again": that would help nobody.
    assert ("chưa cho biết chứng thư này còn hiệu lực" in reached.page.text) is not bool(path)


def test_a_list_that_is_not_its_issuers_is_not_kept(
    make: Any, devca: Devca, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes over plain http: whoever was on the way once must not close the way in for good."""
    provider, certificate = make(), issued(devca)
    enrolled(provider, certificate)
    certificates = provider.app.extensions["idp"].login.certificates
    [issuer] = certificates.authorities
    key = ec.generate_private_key(ec.SECP256R1())
    forged = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(provider.clock() - timedelta(days=1))
        .next_update(provider.clock() + timedelta(days=3650))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    monkeypatch.setattr("idp.login.certificate_status._responders", lambda _certificate: [])
    with monkeypatch.context() as on_the_way:
        on_the_way.setattr(
            certificates.status.outbound, "get", lambda *_, **__: Answer(200, "application/pkix-crl", forged)
        )
        assert log_in(provider, certificate).path != "/account"
    assert log_in(provider, certificate).path == "/account"


def test_an_authority_that_says_nothing_keeps_nobody_else_waiting(
    make: Any, devca: Devca, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logins have a quarter of the turns: two who wait for a dead OCSP responder must not hold them all."""
    monkeypatch.setattr("idp.wiring.login.STATUS_SECONDS", 60.0)
    provider, certificate = make(threads=1, outbound_seconds=60), issued(devca)
    enrolled(provider, certificate)
    with Silence() as silence, ThreadPoolExecutor(2) as pool:
        monkeypatch.setattr("idp.login.certificate_status._responders", lambda _certificate: [silence.url])
        monkeypatch.setattr("idp.login.certificate_status._lists", lambda _certificate: [])
        waiting = pool.submit(log_in, provider, certificate)
        with silence.call():
            assert pool.submit(Browser(provider).get, "/account").result(20).status_code == 200
            assert not waiting.done()
        assert waiting.result(60).path != "/account"


def test_only_a_public_authority_is_asked(make: Any, devca: Devca) -> None:
    """An address in a certificate leads to no service of this network, whoever had it issued."""
    provider, certificate = make("required", issuer="https://sso.example.gov.vn"), issued(devca)
    certificates = provider.app.extensions["idp"].login.certificates
    [issuer] = certificates.authorities
    devca.revoke(certificate.serial_number)
    assert certificates.status.find(certificate, issuer, provider.clock()) != REVOKED
