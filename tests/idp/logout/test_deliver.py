"""Back-channel logout: what a relying party is told, and what happens while it does not listen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws

from idp.directory.person import OFFICIAL, Person
from idp.logout.deliver import LONGEST_PAUSE, pause_after
from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.session import Session
from idp.services import Services
from idp.store.evidence import read_after
from idp.store.logout_deliveries import Delivery
from tests.idp.logout.relying_party import BackChannel
from tests.idp.provider import Provider, parts
from tests.idp.software_keys import SoftwareKeys

LOOPBACK = "http://127.0.0.1:8081"
LAN = Person("5f0c6a1e-0000-4000-8000-000000000001", OFFICIAL, "active", "lan", {"name": "Nguyễn Thị Lan"})


@pytest.fixture
def provider(tmp_path: Path, redis_url: str, own_keys: SoftwareKeys) -> Provider:
    return Provider(tmp_path, redis_url=redis_url, key_process=own_keys.target, issuer=LOOPBACK)


@pytest.fixture
def services(provider: Provider) -> Services:
    found: Services = provider.app.extensions["idp"]
    return found


@pytest.fixture
def back_channel() -> Iterator[BackChannel]:
    server = BackChannel()
    yield server
    server.close()


def now(provider: Provider) -> int:
    return int(provider.clock().timestamp())


def log_in(provider: Provider, services: Services, *client_ids: str) -> Session:
    session, _ = services.sessions.start(
        LAN, acr="LoA2", amr=("pwd", "otp"), upstream="", identity_level="02", device="", address="127.0.0.1",
        kiosk=False, now=now(provider),
    )  # fmt: skip
    for client_id in client_ids:
        services.sessions.join(session.session_id, client_id, now(provider))
    return session


def log_out(provider: Provider, services: Services, session: Session) -> None:
    assert services.end_session(session.session_id, reason="logout", now=now(provider))


def attempt(provider: Provider, services: Services) -> list[str]:
    """One round of the worker, in this thread."""
    claimed = services.logout.deliveries.claim(now=now(provider), lease=60, limit=8)
    return [services.logout.deliver(each, now(provider)) for each in claimed]


def register(provider: Provider, uri: str, client_id: str = "one-stop", **changes: Any) -> None:
    provider.register(client_id, metadata=ClientMetadata(backchannel_logout_uri=uri, **changes))


def events(services: Services) -> list[tuple[str, str]]:
    with services.database.reading() as connection:
        found = read_after(connection, 0, 100)
    return [(each.event.name, each.event.client_id) for each in found]


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_relying_party_gets_a_logout_token_by_the_book(
    provider: Provider, services: Services, back_channel: BackChannel, own_keys: SoftwareKeys, algorithm: str
) -> None:
    """The checks of oidcc-backchannel-rp-initiated-logout."""
    register(provider, back_channel.uri, id_token_signed_response_alg=algorithm)
    session = log_in(provider, services, "one-stop")
    log_out(provider, services, session)
    assert attempt(provider, services) == [""]
    assert [list(form) for form in back_channel.told] == [["logout_token"]]
    (token,) = back_channel.tokens()
    header, claims = parts(token)
    assert header["typ"] == "logout+jwt"
    assert header["alg"] == algorithm
    jws.deserialize_compact(token, own_keys.keys[header["kid"]][1], algorithms=[algorithm])
    assert claims["iss"] == LOOPBACK
    assert claims["aud"] == "one-stop"
    assert claims["iat"] == now(provider)
    assert 0 < claims["exp"] - claims["iat"] <= 120
    assert len(claims["jti"]) >= 16
    assert claims["sid"] == session.session_id
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert "nonce" not in claims
    assert events(services)[-1] == ("logout.delivered", "one-stop")


def test_only_clients_of_the_session_with_a_back_channel_are_told(
    provider: Provider, services: Services, back_channel: BackChannel
) -> None:
    register(provider, back_channel.uri, "told")
    register(provider, back_channel.uri, "elsewhere")
    register(provider, "", "deaf")
    log_out(provider, services, log_in(provider, services, "told", "deaf"))
    attempt(provider, services)
    assert [parts(token)[1]["aud"] for token in back_channel.tokens()] == ["told"]


def test_a_relying_party_that_is_down_is_told_when_it_is_back(
    provider: Provider, services: Services, back_channel: BackChannel
) -> None:
    register(provider, back_channel.uri)
    log_out(provider, services, log_in(provider, services, "one-stop"))
    back_channel.status = 503
    for _ in range(3):
        assert attempt(provider, services) == ["http_503"]
        assert attempt(provider, services) == []  # not before its time
        provider.clock.pass_(seconds=LONGEST_PAUSE * 2)
    back_channel.status = 204
    assert attempt(provider, services) == [""]
    tokens = [parts(token)[1] for token in back_channel.tokens()]
    assert len({claims["jti"] for claims in tokens}) == 4  # each attempt has a token of its own
    assert tokens[-1]["iat"] == now(provider)
    provider.clock.pass_(days=1)
    assert attempt(provider, services) == []


def test_after_hours_a_delivery_becomes_a_dead_letter_and_an_event(
    provider: Provider, services: Services, back_channel: BackChannel
) -> None:
    register(provider, back_channel.uri)
    log_out(provider, services, log_in(provider, services, "one-stop"))
    back_channel.status = 400
    provider.clock.pass_(hours=12)
    assert attempt(provider, services) == ["http_400"]
    assert ("logout.undelivered", "one-stop") in events(services)
    provider.clock.pass_(days=2)
    assert attempt(provider, services) == []


def test_a_redirect_is_no_delivery_and_is_not_followed(
    provider: Provider, services: Services, back_channel: BackChannel
) -> None:
    inner = BackChannel()
    register(provider, back_channel.uri)
    back_channel.status, back_channel.location = 307, inner.uri
    log_out(provider, services, log_in(provider, services, "one-stop"))
    assert attempt(provider, services) == ["http_307"]
    assert inner.told == []
    inner.close()


@pytest.mark.parametrize(
    ("uri", "word"),
    [
        ("http://169.254.169.254/latest/meta-data", "address"),
        ("http://10.0.0.5/admin", "address"),
        ("http://[::ffff:10.0.0.5]/admin", "address"),
        ("file:///etc/passwd", "url"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "scheme"),
    ],
)
def test_a_logout_uri_that_leads_inside_is_not_asked(
    provider: Provider, services: Services, uri: str, word: str
) -> None:
    """SSRF: what was registered before a rule, or past it, is refused again when it would be reached."""
    register(provider, uri)
    log_out(provider, services, log_in(provider, services, "one-stop"))
    assert attempt(provider, services) == [word]


def test_loopback_is_refused_to_a_provider_that_is_not_on_it(
    tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys, back_channel: BackChannel
) -> None:
    public = Provider(tmp_path, redis_url=redis_url, key_process=shared_keys.target)
    services: Services = public.app.extensions["idp"]
    for number, uri in enumerate((back_channel.uri, "https://127.0.0.1/", "https://localhost/")):
        register(public, uri, f"inner-{number}")
    log_out(public, services, log_in(public, services, "inner-0", "inner-1", "inner-2"))
    assert sorted(attempt(public, services)) == ["address", "address", "scheme"]
    assert back_channel.told == []


def test_nothing_is_sent_unsigned_while_the_key_process_is_away(
    provider: Provider, services: Services, back_channel: BackChannel, own_keys: SoftwareKeys
) -> None:
    register(provider, back_channel.uri)
    log_out(provider, services, log_in(provider, services, "one-stop"))
    own_keys.failure = "TokenUnavailable"
    # However long it takes, it is not the relying party's fault: no dead letter.
    provider.clock.pass_(hours=13)
    assert attempt(provider, services) == ["keys_away"]
    assert back_channel.told == []
    own_keys.failure = ""
    provider.clock.pass_(seconds=5)
    assert attempt(provider, services) == [""]


def test_a_uri_that_was_changed_meanwhile_is_the_one_that_counts(
    provider: Provider, services: Services, back_channel: BackChannel
) -> None:
    register(provider, "http://127.0.0.1:9/old")
    log_out(provider, services, log_in(provider, services, "one-stop"))
    register(provider, back_channel.uri)
    assert attempt(provider, services) == [""]


def test_a_client_that_is_gone_is_not_told(provider: Provider, services: Services) -> None:
    held = Delivery(1, "s", LAN.person_id, "gone", "https://gone.example.gov.vn/", now(provider), 1, 1)
    assert services.logout.deliver(held, now(provider)) == "client_gone"


def test_pauses_grow_and_differ() -> None:
    for attempts in range(1, 30):
        pause = pause_after(attempts)
        assert 4 <= pause <= LONGEST_PAUSE * 4 // 3
    assert pause_after(1) < pause_after(3) < pause_after(5)
    assert len({pause_after(20) for _ in range(50)}) > 10
