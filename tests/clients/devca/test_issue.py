"""What devca issues, judged by cryptography, OpenSSL and pyHanko's path validator."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import httpx
import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from devca.certificate import MAX_LIFETIME
from devca.names import TRAINING_POLICY
from devca.profiles import DOCUMENT_SIGNING, ISSUABLE
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend
from pyhanko_certvalidator.registry import SimpleTrustManager


def _load(chain):
    return [x509.load_pem_x509_certificate(pem.encode()) for pem in chain]


def _extension(certificate, kind):
    return certificate.extensions.get_extension_for_class(kind)


def _common_name(certificate):
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


@pytest.mark.parametrize("profile", ["organisation-seal", "service-seal", "personal"])
def test_a_document_certificate_may_sign_documents_and_nothing_else(devca, make_csr, profile):
    leaf, _issuing, _root = _load(devca.issue(make_csr(), profile))

    usage = _extension(leaf, x509.KeyUsage)
    assert usage.critical
    assert usage.value.content_commitment
    assert not usage.value.digital_signature
    assert not usage.value.key_cert_sign
    assert list(_extension(leaf, x509.ExtendedKeyUsage).value) == [DOCUMENT_SIGNING]
    assert not _extension(leaf, x509.BasicConstraints).value.ca
    assert ISSUABLE[profile].policy in [
        policy.policy_identifier for policy in _extension(leaf, x509.CertificatePolicies).value
    ]


@pytest.mark.parametrize("profile", list(ISSUABLE))
def test_every_certificate_says_that_it_is_only_training(devca, make_csr, profile):
    for certificate in _load(devca.issue(make_csr("Nguyễn Văn An"), profile)):
        assert "MẪU" in _common_name(certificate)
        policy = _extension(certificate, x509.CertificatePolicies).value[0]
        assert policy.policy_identifier == TRAINING_POLICY
        assert "MẪU" in policy.policy_qualifiers[0].explicit_text


def test_a_name_without_room_for_the_mark_carries_it_in_a_unit_of_its_own(devca, make_csr):
    name = "Ủy ban nhân dân xã Đại Lộc, thành phố Đà Nẵng"
    leaf = _load(devca.issue(make_csr(name), "organisation-seal"))[0]

    assert _common_name(leaf) == name
    units = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    assert [unit.value for unit in units] == ["MẪU - chỉ để thử"]


def test_a_certificate_leads_to_its_issuer_its_status_and_its_crl(devca, make_csr):
    leaf = _load(devca.issue(make_csr(), "personal"))[0]

    access = {
        each.access_method._name: each.access_location.value
        for each in _extension(leaf, x509.AuthorityInformationAccess).value
    }
    assert access["OCSP"] == devca.ocsp_url
    issuer = httpx.get(access["caIssuers"])
    assert x509.load_der_x509_certificate(issuer.content).public_bytes(Encoding.PEM).decode() == (
        devca.issuing_pem
    )
    point = _extension(leaf, x509.CRLDistributionPoints).value[0].full_name[0].value
    crl = x509.load_der_x509_crl(httpx.get(point).content)
    assert crl.issuer == leaf.issuer


@pytest.mark.interop
@pytest.mark.parametrize("profile", list(ISSUABLE))
def test_openssl_accepts_the_chain_with_both_crls(devca, make_csr, openssl, tmp_path: Path, profile):
    leaf, issuing, root = devca.issue(make_csr(), profile)
    crls = b""
    for label in ("root", "issuing"):
        crl = x509.load_der_x509_crl(httpx.get(f"{devca.base_url}/crl/{label}.crl").content)
        crls += crl.public_bytes(Encoding.PEM)
    for name, content in (("leaf", leaf), ("issuing", issuing), ("root", root), ("crls", crls.decode())):
        (tmp_path / name).write_text(content)

    check = ("-CAfile", "root", "-untrusted", "issuing", "-CRLfile", "crls", "-crl_check_all")
    policies = ("-policy_check", "-explicit_policy", "-policy", TRAINING_POLICY.dotted_string)
    assert "leaf: OK" in openssl("verify", "-x509_strict", *check, *policies, "leaf")


@pytest.mark.interop
def test_pyhanko_accepts_the_chain_and_fetches_its_revocation_itself(devca, make_csr):
    leaf, issuing, root = (
        asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
        for certificate in _load(devca.issue(make_csr(), "organisation-seal"))
    )

    async def validate():
        async with aiohttp.ClientSession() as session:
            context = ValidationContext(
                trust_manager=SimpleTrustManager.build(trust_roots=[root]),
                allow_fetching=True,
                revocation_mode="require",
                fetcher_backend=AIOHttpFetcherBackend(session),
            )
            validator = CertificateValidator(leaf, intermediate_certs=[issuing], validation_context=context)
            return await validator.async_validate_usage({"non_repudiation"})

    assert len(asyncio.run(validate())) == 3


def test_a_host_keeps_the_names_of_its_request_and_gets_those_asked_for(devca, make_csr):
    carried = x509.SubjectAlternativeName([x509.DNSName("hsm.noi-bo")])
    chain = devca.issue(
        make_csr("hsm", extensions=(carried,)),
        "tls-server",
        dns_names=["localhost"],
        ip_addresses=["127.0.0.1"],
    )
    leaf = _load(chain)[0]

    names = _extension(leaf, x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["hsm.noi-bo", "localhost"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert list(_extension(leaf, x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_a_request_cannot_smuggle_in_extensions(devca, make_csr):
    """An attacker asks for a CA certificate by putting basicConstraints into the request."""
    smuggled = (x509.BasicConstraints(ca=True, path_length=None),)
    leaf = _load(devca.issue(make_csr(extensions=smuggled), "personal"))[0]

    assert not _extension(leaf, x509.BasicConstraints).value.ca


def test_an_expired_certificate_can_be_had_for_tests(devca, make_csr):
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    start = end - timedelta(days=30)
    chain = devca.issue(make_csr(), "personal", not_before=start.isoformat(), not_after=int(end.timestamp()))

    assert _load(chain)[0].not_valid_after_utc == end


def test_no_certificate_outlives_five_years(devca, make_csr):
    start = datetime.now(UTC)
    too_long = start + MAX_LIFETIME + timedelta(seconds=2)
    with pytest.raises(RuntimeError, match="400"):
        devca.issue(make_csr(), "personal", not_before=start.isoformat(), not_after=too_long.isoformat())


def _with_broken_signature(pem):
    csr = bytearray(x509.load_pem_x509_csr(pem.encode()).public_bytes(Encoding.DER))
    csr[-1] ^= 1
    return x509.load_der_x509_csr(bytes(csr)).public_bytes(Encoding.PEM).decode()


def test_a_request_not_signed_by_its_own_key_is_refused(devca, make_csr):
    """An attacker asks for a certificate on somebody else's public key."""
    with pytest.raises(RuntimeError, match="csr_refused"):
        devca.issue(_with_broken_signature(make_csr()), "personal")


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(lambda: rsa.generate_private_key(65537, 1024), id="RSA-1024"),  # noqa: S505
        pytest.param(lambda: ec.generate_private_key(ec.SECP256K1()), id="secp256k1"),
    ],
)
def test_a_weak_or_foreign_key_is_refused(devca, make_csr, key):
    with pytest.raises(RuntimeError, match="csr_refused"):
        devca.issue(make_csr(key=key()), "personal")


def test_a_kind_of_key_that_documents_may_not_use_is_refused(devca):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An")])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name)
    pem = csr.sign(ed25519.Ed25519PrivateKey.generate(), None).public_bytes(Encoding.PEM).decode()
    with pytest.raises(RuntimeError, match="csr_refused"):
        devca.issue(pem, "personal")


@pytest.mark.interop
def test_a_request_signed_with_sha1_is_refused(devca, openssl, tmp_path: Path):
    made = ("-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "csr")
    openssl("req", "-new", *made, "-sha1", "-subj", "/CN=An")
    with pytest.raises(RuntimeError, match="csr_refused"):
        devca.issue((tmp_path / "csr").read_text(), "personal")


_EMPTY = "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"


@pytest.mark.parametrize("csr", ["", "không phải PEM", _EMPTY])
def test_an_unreadable_request_is_refused_with_what_to_do(devca, csr):
    with pytest.raises(RuntimeError, match="PKCS#10"):
        devca.issue(csr, "personal")


def test_a_request_without_a_name_is_refused(devca, make_csr):
    with pytest.raises(RuntimeError, match="CN"):
        devca.issue(make_csr(""), "personal")


def test_an_unknown_profile_is_refused_with_the_known_ones(devca, make_csr):
    with pytest.raises(RuntimeError, match="organisation-seal"):
        devca.issue(make_csr(), "tsa")


@pytest.mark.parametrize("path", ["/issue", "/revoke", "/misbehave"])
@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic x", "Bearer \xe9"])
def test_without_the_secret_nothing_is_issued_revoked_or_broken(devca, path, authorization):
    method = "PUT" if path == "/misbehave" else "POST"
    headers = {"Authorization": authorization.encode("latin-1")}
    response = httpx.request(method, devca.base_url + path, json={}, headers=headers)

    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["title"].startswith("Cần")
    assert devca.secret not in response.text


def test_several_workers_issue_distinct_certificates_that_all_are_known(devca_factory, make_csr):
    """Serial numbers stay unique and the index complete when processes race."""
    server = devca_factory(workers=2)
    csr = make_csr()
    with ThreadPoolExecutor(8) as pool:
        chains = list(pool.map(lambda _n: server.issue(csr, "personal"), range(60)))
    serials = [_load(chain)[0].serial_number for chain in chains]
    assert len(set(serials)) == len(serials)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(server.revoke, serials[:30]))
        crls = list(pool.map(lambda _n: _crl(server), range(16)))
    assert len({crl.public_bytes(Encoding.DER) for crl in crls}) == 1
    assert {entry.serial_number for entry in crls[0]} == set(serials[:30])

    log = server.log_path.read_text("utf-8")
    assert server.secret not in log
    metrics = httpx.get(f"{server.base_url}/metrics").text
    assert 'devca_requests_total{endpoint="issuance.issue_certificate",status="201"} 60.0' in metrics


def _crl(server):
    return x509.load_der_x509_crl(httpx.get(f"{server.base_url}/crl/issuing.crl").content)
