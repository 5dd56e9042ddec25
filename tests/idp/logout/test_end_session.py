"""An end is one act: whoever races it gets nothing that outlives it. On SQLite and on PostgreSQL."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from idp.directory.person import OFFICIAL, Person
from idp.logout.end_session import DISOWNED
from idp.protocol.authorization import Authorization
from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.confirmation import Confirmation
from idp.protocol.session import Session
from idp.services import Services
from tests.idp.provider import Provider
from tests.idp.software_keys import SoftwareKeys

LAN = Person("5f0c6a1e-0000-4000-8000-000000000001", OFFICIAL, "active", "lan", {"name": "Nguyễn Thị Lan"})


@pytest.fixture
def provider(
    tmp_path: Path, redis_url: str, database_url: str, shared_keys: SoftwareKeys
) -> Iterator[Provider]:
    made = Provider(tmp_path, redis_url=redis_url, key_process=shared_keys.target, database_url=database_url)
    services: Services = made.app.extensions["idp"]
    services.people.save(LAN, int(made.clock().timestamp()))
    made.register("rp", metadata=ClientMetadata(backchannel_logout_uri="https://rp.example.gov.vn/o"))
    yield made
    services.database.close()
    made.database.close()


@pytest.fixture
def services(provider: Provider) -> Services:
    found: Services = provider.app.extensions["idp"]
    return found


@pytest.fixture
def now(provider: Provider) -> int:
    return int(provider.clock().timestamp())


def log_in(services: Services, now: int) -> Session:
    return services.sessions.start(
        LAN, acr="LoA2", amr=("pwd", "otp"), upstream="", identity_level="02", device="", address="",
        kiosk=False, now=now,
    )[0]  # fmt: skip


def refresh_token(services: Services, session: Session, now: int, *, scope: str = "openid") -> str:
    authorization = Authorization("rp", session.authentication(), scope, now)
    token = services.tokens.families.start(secrets.token_urlsafe(16), authorization, Confirmation(), now)
    assert token
    return token


def is_over(services: Services, token: str, now: int) -> bool:
    family = services.tokens.families.find(token, now)
    return family is None or services.tokens.families.is_over(family, now)


def test_refresh_tokens_die_with_the_session_but_for_offline_access(services: Services, now: int) -> None:
    session = log_in(services, now)
    bound = refresh_token(services, session, now)
    offline = refresh_token(services, session, now, scope="openid offline_access")
    assert services.end_session(session.session_id, reason="logout", now=now)
    assert is_over(services, bound, now)
    assert not is_over(services, offline, now)


def test_a_logout_beats_every_refresh_that_races_it(services: Services, now: int) -> None:
    session = log_in(services, now)
    token = refresh_token(services, session, now)
    families = services.tokens.families
    got: list[str] = [token]

    def refresh(_: int) -> None:
        family = families.find(token, now)
        if family is not None and not families.is_over(family, now):
            got.append(families.rotate(token, family, now))

    with ThreadPoolExecutor(6) as pool:
        racing = [pool.submit(refresh, number) for number in range(12)]
        ending = pool.submit(services.end_session, session.session_id, reason="logout", now=now)
        for each in racing:
            each.result()
        assert ending.result()
    # Whatever a racing refresh got is dead now, and so are the tokens that name the session.
    assert all(is_over(services, each, now) for each in got)
    assert services.sessions.has_ended(session.session_id, now)


def test_a_client_that_races_the_end_is_told_or_gets_nothing(services: Services, now: int) -> None:
    for _ in range(5):
        session = log_in(services, now)
        with ThreadPoolExecutor(2) as pool:
            joining = pool.submit(services.sessions.join, session.session_id, "rp", now)
            ending = pool.submit(services.end_session, session.session_id, reason="logout", now=now)
            joined, ended = joining.result(), ending.result()
        assert ended
        told = [each.client_id for each in services.logout.deliveries.of_session(session.session_id)]
        assert told == (["rp"] if joined else [])


def test_of_two_ends_at_once_one_is_the_end(services: Services, now: int) -> None:
    session = log_in(services, now)
    services.sessions.join(session.session_id, "rp", now)
    with ThreadPoolExecutor(4) as pool:
        ends = list(
            pool.map(lambda _: services.end_session(session.session_id, reason="logout", now=now), range(8))
        )
    assert sum(each is not None for each in ends) == 1
    assert len(services.logout.deliveries.of_session(session.session_id)) == 1


def test_this_was_not_me_ends_every_other_session(services: Services, now: int) -> None:
    kept, *others = [log_in(services, now + number) for number in range(3)]
    ended = services.end_session.all_of(LAN.person_id, reason=DISOWNED, now=now + 9, keep=kept.session_id)
    assert {each.session.session_id for each in ended} == {each.session_id for each in others}
    assert [each.session_id for each in services.sessions.of_person(LAN.person_id, now + 9)] == [
        kept.session_id
    ]
    assert (
        services.end_session.all_of(LAN.person_id, reason=DISOWNED, now=now + 9, keep=kept.session_id) == []
    )
