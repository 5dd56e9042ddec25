"""One method a request, and only the one that was registered; exceptions end by themselves."""

import base64
import datetime
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey, RSAKey

from idp.protocol.client_metadata import ClientMetadata
from tests.idp.provider import START, Provider, System, parts
from tests.idp.software_keys import SoftwareKeys

SECRET = "bí mật: 256+bit/%"
NOW = int(START.timestamp())
SECRETS = ClientMetadata(
    profile="baseline",
    profile_until=NOW + 3600,
    secret_hash=hashlib.sha256(SECRET.encode()).hexdigest(),
    secret_expires_at=NOW + 1800,
)
BASIC = replace(SECRETS, token_endpoint_auth_method="client_secret_basic")
POST = replace(SECRETS, token_endpoint_auth_method="client_secret_post")
CERTIFICATE_HEADER = "X-Client-Cert"


def ask(provider: Provider, headers: dict[str, str] | None = None, **fields: str) -> Any:
    form = {"grant_type": "client_credentials", **fields}
    return provider.client.post("/token", data=form, headers=headers or {})


def basic(system: System, secret: str = SECRET) -> dict[str, str]:
    """RFC 6749 §2.3.1: both halves are form-encoded first."""
    joined = f"{quote_plus(system.client_id)}:{quote_plus(secret)}"
    return {"Authorization": "Basic " + base64.b64encode(joined.encode()).decode()}


def refused(answer: Any) -> None:
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client"), answer.text
    assert answer.headers["WWW-Authenticate"]


def test_a_secret_in_the_header_or_in_the_body_as_registered(provider: Provider) -> None:
    by_header, by_body = provider.register(metadata=BASIC), provider.register(metadata=POST)
    assert ask(provider, basic(by_header)).status_code == 200
    assert ask(provider, client_id=by_body.client_id, client_secret=SECRET).status_code == 200
    refused(ask(provider, basic(by_body)))
    refused(ask(provider, client_id=by_header.client_id, client_secret=SECRET))
    answer = ask(provider, basic(by_header, "wrong"))
    refused(answer)
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_client_with_a_key_does_not_get_in_by_a_secret(provider: Provider) -> None:
    """The weaker method is never a way round the registered one."""
    system = provider.register(metadata=replace(SECRETS, token_endpoint_auth_method="private_key_jwt"))
    refused(ask(provider, basic(system)))
    refused(ask(provider, client_id=system.client_id, client_secret=SECRET))
    refused(ask(provider, client_id=system.client_id))
    assert provider.token(system).status_code == 200


def test_a_client_with_a_secret_does_not_get_in_by_a_key(provider: Provider) -> None:
    refused(provider.token(provider.register(metadata=BASIC)))


@pytest.mark.parametrize("seconds", [1800, 3600])
def test_a_secret_ends_and_so_does_the_exception(provider: Provider, seconds: int) -> None:
    metadata = BASIC if seconds == 1800 else replace(BASIC, secret_expires_at=NOW + 99_999)
    system = provider.register(metadata=metadata)
    provider.clock.pass_(seconds=seconds - 1)
    assert ask(provider, basic(system)).status_code == 200
    provider.clock.pass_(seconds=1)
    refused(ask(provider, basic(system)))


def test_a_fapi_client_has_no_secret(provider: Provider) -> None:
    refused(ask(provider, basic(provider.register(metadata=replace(BASIC, profile="fapi2")))))


def test_two_methods_in_one_request_are_refused(provider: Provider) -> None:
    system = provider.register(metadata=BASIC)
    for fields in ({"client_secret": SECRET}, system.form()):
        answer = ask(provider, basic(system), **fields)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "value", ["Basic", "Basic !", "Basic " + base64.b64encode(b"\xff:x").decode(), "Bearer x"]
)
def test_malformed_credentials_are_refused(provider: Provider, value: str) -> None:
    refused(ask(provider, {"Authorization": value}))


def test_a_baseline_client_may_sign_with_rs256_and_a_fapi_client_may_not(provider: Provider) -> None:
    key = RSAKey.generate_key(2048)
    until = replace(SECRETS, token_endpoint_auth_method="private_key_jwt")
    assert provider.token(provider.register(metadata=until, key=key, algorithm="RS256")).status_code == 200
    refused(provider.token(provider.register(key=key, algorithm="RS256")))


def test_the_registered_algorithm_is_the_only_one(provider: Provider) -> None:
    key = RSAKey.generate_key(2048)
    metadata = ClientMetadata(token_endpoint_auth_signing_alg="ES256")
    refused(provider.token(provider.register(metadata=metadata, key=key, algorithm="PS256")))


# --- RFC 8705


def certificate(key: ec.EllipticCurvePrivateKey, *, days: int = 30, dns: str = "mau.example.gov.vn") -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hệ thống MẪU")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START - datetime.timedelta(days=1))
        .not_valid_after(START + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(dns)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.DER)


def handed_over(der: bytes, *, nginx: bool = True) -> dict[str, str]:
    if nginx:
        pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()
        return {CERTIFICATE_HEADER: quote(pem)}
    return {CERTIFICATE_HEADER: f":{base64.b64encode(der).decode()}:"}


@pytest.fixture
def behind_gateway(tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys) -> Provider:
    return Provider(
        tmp_path,
        redis_url=redis_url,
        key_process=shared_keys.target,
        client_certificate_header=CERTIFICATE_HEADER,
        gateway_addresses=("127.0.0.1",),
    )


MTLS = ClientMetadata(
    token_endpoint_auth_method="tls_client_auth",
    tls_client_auth_san_dns="mau.example.gov.vn",
    tls_client_certificate_bound_access_tokens=True,
)


@pytest.mark.parametrize("nginx", [True, False], ids=["escaped PEM", "RFC 9440"])
def test_a_certificate_proves_the_client_and_binds_its_token(behind_gateway: Provider, nginx: bool) -> None:
    der = certificate(ec.generate_private_key(ec.SECP256R1()))
    system = behind_gateway.register(metadata=MTLS)
    answer = ask(behind_gateway, handed_over(der, nginx=nginx), client_id=system.client_id)
    assert answer.status_code == 200, answer.text
    assert answer.json["token_type"] == "Bearer"
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    assert parts(answer.json["access_token"])[1]["cnf"] == {"x5t#S256": thumbprint}


def test_a_certificate_of_another_name_or_time_or_none_is_refused(behind_gateway: Provider) -> None:
    system = behind_gateway.register(metadata=MTLS)
    key = ec.generate_private_key(ec.SECP256R1())
    refused(ask(behind_gateway, client_id=system.client_id))
    for der in (certificate(key, dns="khac.example.gov.vn"), certificate(key, days=0)):
        behind_gateway.clock.now = START + datetime.timedelta(seconds=1)
        refused(ask(behind_gateway, handed_over(der), client_id=system.client_id))


def test_a_header_from_elsewhere_is_no_certificate(
    tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys
) -> None:
    """RFC 9700 §4.13: whoever reaches this port without the gateway can write any header."""
    provider = Provider(
        tmp_path, redis_url=redis_url, key_process=shared_keys.target,
        client_certificate_header=CERTIFICATE_HEADER, gateway_addresses=("10.0.0.1",),
    )  # fmt: skip
    system = provider.register(metadata=MTLS)
    der = certificate(ec.generate_private_key(ec.SECP256R1()))
    refused(ask(provider, handed_over(der), client_id=system.client_id))


def test_a_self_signed_certificate_is_known_by_its_key(behind_gateway: Provider) -> None:
    key = ECKey.generate_key("P-256")
    metadata = replace(
        MTLS, token_endpoint_auth_method="self_signed_tls_client_auth", tls_client_auth_san_dns=""
    )
    system = behind_gateway.register(metadata=metadata, key=key)
    private: Any = key.private_key
    assert (
        ask(behind_gateway, handed_over(certificate(private)), client_id=system.client_id).status_code == 200
    )
    other = certificate(ec.generate_private_key(ec.SECP256R1()))
    refused(ask(behind_gateway, handed_over(other), client_id=system.client_id))


def test_a_malformed_certificate_is_said_to_be_one(behind_gateway: Provider) -> None:
    answer = ask(behind_gateway, {CERTIFICATE_HEADER: "x"}, client_id="x")
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
