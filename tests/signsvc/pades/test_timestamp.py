"""A time-stamp is used only when it is the authority's, over our digest, for our request, at our time."""

import hashlib
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from signsvc.pades.breaker import Breaker
from signsvc.pades.errors import TimestampUnavailable
from signsvc.pades.fetch import Fetcher
from signsvc.pades.timestamp import TimestampClient
from signsvc.pades.token import TokenRejected, TokenVerifier
from signsvc.pades.trust import TrustAnchors
from tests.servers.devca import Devca
from tests.signsvc.pades.software_signer import Services

IMPRINT = hashlib.sha256(b"signature").digest()


@pytest.mark.interop
def test_openssl_accepts_the_token(devca: Devca, services: Services, tmp_path: Path) -> None:
    token = services.timestamps.timestamp(IMPRINT, now=datetime.now(UTC))
    (tmp_path / "token.der").write_bytes(token.encoded)
    (tmp_path / "root.pem").write_text(devca.root_pem)
    command = ["openssl", "ts", "-verify", "-digest", IMPRINT.hex(), "-token_in", "-in", "token.der"]
    done = subprocess.run(
        [*command, "-CAfile", "root.pem"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Verification: OK" in done.stdout + done.stderr
    assert abs(token.time - datetime.now(UTC)) < timedelta(minutes=1)
    assert len(token.chain) == 3


@pytest.mark.parametrize("name", ["sha384", "sha512"])
def test_longer_digests_and_given_nonces_are_served(services: Services, name: str) -> None:
    digest = hashlib.new(name, b"x").digest()
    token = services.timestamps.timestamp(digest, digest_name=name, nonce=2**63, now=datetime.now(UTC))
    assert token.serial_number > 0
    with pytest.raises(ValueError, match="digest"):
        services.timestamps.timestamp(digest[:-1], digest_name=name, now=datetime.now(UTC))
    with pytest.raises(ValueError, match="digest"):
        services.timestamps.timestamp(bytes(20), digest_name="sha1", now=datetime.now(UTC))


@pytest.mark.parametrize(
    "fault",
    [
        {"tsa": "down"},
        {"tsa": "slow", "seconds": 4},
        {"tsa": "wrong_nonce"},
        {"tsa": "wrong_imprint"},
        {"tsa": "bad_signature"},
        {"tsa": "rejection"},
        {"tsa": "clock_off", "seconds": 3600},
        {"tsa": "expired_certificate"},
    ],
    ids=lambda fault: fault["tsa"],
)
def test_a_faulty_authority_gives_no_timestamp(
    devca: Devca, services: Services, fault: dict[str, object]
) -> None:
    devca.misbehave(**fault)
    began = time.monotonic()
    with pytest.raises(TimestampUnavailable) as refused:
        services.timestamps.timestamp(IMPRINT, now=datetime.now(UTC))
    assert refused.value.retry_after >= 1
    assert refused.value.message != refused.value.message_en
    assert time.monotonic() - began < 4
    devca.behave()
    services.timestamps.timestamp(IMPRINT, now=datetime.now(UTC))


def test_the_next_authority_is_asked_when_the_first_is_away(devca: Devca, anchors: TrustAnchors) -> None:
    away = "http://127.0.0.1:9/tsa"
    with Fetcher([devca.base_url, away]) as fetcher:
        client = TimestampClient([away, devca.tsa_url], TokenVerifier(anchors), fetcher)
        assert client.timestamp(IMPRINT, now=datetime.now(UTC)).encoded


def test_an_authority_of_a_foreign_root_is_not_believed(
    devca: Devca, fetcher: Fetcher, services: Services
) -> None:
    issuing = x509.load_pem_x509_certificate(devca.issuing_pem.encode())
    stranger = TimestampClient([devca.tsa_url], TokenVerifier(TrustAnchors([])), fetcher)
    with pytest.raises(TimestampUnavailable, match="authority"):
        stranger.timestamp(IMPRINT, now=datetime.now(UTC))
    # An anchor need not be self-signed.
    client = TimestampClient([devca.tsa_url], TokenVerifier(TrustAnchors([issuing])), fetcher)
    assert client.timestamp(IMPRINT, now=datetime.now(UTC)).chain[-1] == issuing


def test_every_altered_byte_of_a_token_is_refused(services: Services, anchors: TrustAnchors) -> None:
    now = datetime.now(UTC)
    token = services.timestamps.timestamp(IMPRINT, nonce=7, now=now).encoded
    verifier = TokenVerifier(anchors)
    verifier.verify_token(token, IMPRINT, nonce=7, now=now)
    accepted = []
    for position in range(0, len(token), 3):
        altered = bytearray(token)
        altered[position] ^= 0x01
        try:
            verifier.verify_token(bytes(altered), IMPRINT, nonce=7, now=now)
        except TokenRejected:
            continue
        accepted.append(position)
    # Not signed: two version numbers, and lists and parameters of algorithms, which nothing relies on.
    assert len(accepted) * 3 <= 60, accepted


def test_services_that_are_not_listed_are_never_asked(anchors: TrustAnchors, devca: Devca) -> None:
    for url in (devca.tsa_url, "file:///etc/passwd", "http://[::1]:1/", "gopher://x/", "http://"):
        with Fetcher(["http://127.0.0.1:1"]) as fetcher:
            assert not fetcher.allows(url)
            client = TimestampClient([url], TokenVerifier(anchors), fetcher)
            with pytest.raises(TimestampUnavailable) as refused:
                client.timestamp(IMPRINT, now=datetime.now(UTC))
            assert "not on the list" in refused.value.detail


def test_a_failing_authority_is_left_alone_longer_and_longer() -> None:
    breaker = Breaker()
    assert breaker.allows(0)
    breaker.failed(0)
    assert breaker.allows(0)
    breaker.failed(0)
    assert not breaker.allows(4)
    assert breaker.wait(1) == 4
    assert breaker.allows(5)
    assert not breaker.allows(5), "one caller tries, the others wait"
    breaker.failed(6)
    assert not breaker.allows(15)
    assert breaker.allows(16)
    breaker.succeeded()
    assert breaker.allows(16)
    assert breaker.allows(16)
