"""How a token dies before its time, on SQLite and on PostgreSQL."""

import hashlib

import pytest

from idp.directory.person import OFFICIAL, SUSPENDED, Person
from idp.protocol.assurance import Authentication
from idp.protocol.authorization import Authorization
from idp.protocol.confirmation import Confirmation
from idp.protocol.session import Session, SessionLimits
from idp.store.database import Database
from idp.store.people import People
from idp.store.refresh_families import RefreshFamilies
from idp.store.revocations import Revocations
from idp.store.sealing import Sealing
from idp.store.sessions import Sessions, mark_ended
from idp.store.token_life import TokenLife

NOW = 1_800_000_000
LAN = Person("5f0c6a1e-0000-4000-8000-000000000001", OFFICIAL, "active", "lan", {"name": "Lan MẪU"})
JTI = "family-1.random"


@pytest.fixture
def life(database: Database) -> TokenLife:
    return TokenLife(database)


@pytest.fixture
def people(database: Database) -> People:
    people = People(database, Sealing([b"i" * 32, b"s" * 32]))
    people.save(LAN, NOW)
    return people


@pytest.fixture
def session(database: Database, people: People) -> Session:
    started, _ = Sessions(database, SessionLimits()).start(
        LAN, acr="LoA2", amr=("pwd",), upstream="", identity_level="", device="", address="127.0.0.1",
        kiosk=False, now=NOW,
    )  # fmt: skip
    return started


@pytest.fixture
def families(database: Database, session: Session) -> RefreshFamilies:
    families = RefreshFamilies(
        database, lambda value: hashlib.sha256(value.encode()).hexdigest(), absolute=900, idle=600
    )
    login = Authentication(LAN.person_id, session.session_id, NOW, "LoA2", ("pwd",))
    authorization = Authorization("one-stop", login, "openid offline_access", NOW)
    assert families.start("family-1", authorization, Confirmation(), NOW)
    return families


def test_a_token_of_a_living_session_and_family_lives(
    life: TokenLife, session: Session, families: RefreshFamilies
) -> None:
    assert life.why_ended(JTI, session.session_id, NOW) == ""
    assert life.why_ended(JTI, None, NOW) == ""


def test_a_clients_own_token_has_neither_session_nor_family(life: TokenLife) -> None:
    assert life.why_ended("no-dot-in-it", None, NOW) == ""


def test_a_revoked_token_is_dead_whoever_it_speaks_for(
    life: TokenLife, database: Database, session: Session
) -> None:
    Revocations(database).revoke(JTI, "one-stop", expires_at=NOW + 300, now=NOW)
    assert life.why_ended(JTI, session.session_id, NOW) == "revoked"
    assert life.why_ended("family-1.other", session.session_id, NOW) == ""


def test_a_reused_code_kills_every_token_that_came_of_it(life: TokenLife, database: Database) -> None:
    Revocations(database).revoke("family-1", "one-stop", expires_at=NOW + 300, now=NOW)
    assert life.why_ended(JTI, None, NOW) == "revoked"
    assert life.why_ended("family-1.other", None, NOW) == "revoked"
    assert life.why_ended("family-10.other", None, NOW) == ""


def test_the_end_of_a_family_is_the_end_of_its_access_tokens(
    life: TokenLife, session: Session, families: RefreshFamilies
) -> None:
    families.revoke("family-1", "reused", NOW)
    assert life.why_ended(JTI, session.session_id, NOW) == "revoked"


def test_logout_and_the_sessions_end_are_the_end_of_its_tokens(
    life: TokenLife, database: Database, session: Session
) -> None:
    assert life.why_ended(JTI, session.session_id, session.expires_at - 1) == ""
    assert life.why_ended(JTI, session.session_id, session.expires_at) == "session ended"
    with database.writing() as connection:
        assert mark_ended(connection, session.session_id, "logout", NOW)
    assert life.why_ended(JTI, session.session_id, NOW) == "session ended"


def test_a_session_that_never_was_gives_no_life(life: TokenLife) -> None:
    assert life.why_ended(JTI, "made-up", NOW) == "session ended"
    assert life.why_ended(JTI, "", NOW) == "session ended"


def test_a_suspended_persons_tokens_are_dead_before_anybody_ended_the_session(
    life: TokenLife, people: People, session: Session
) -> None:
    people.change_state(LAN.person_id, SUSPENDED, NOW)
    assert life.why_ended(JTI, session.session_id, NOW) == "session ended"
