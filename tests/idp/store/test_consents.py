"""Consents, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

from idp.protocol.authorize.remembered import NOTHING_REMEMBERED, Remembered
from idp.store.consents import Consents
from idp.store.database import Database

NOW = 1_800_000_000


def names(*given: str) -> frozenset[str]:
    return frozenset(given)


def test_what_was_allowed_is_remembered_for_this_person_and_client(database: Database) -> None:
    consents = Consents(database)
    assert consents.find("lan", "one-stop") == NOTHING_REMEMBERED
    given = Remembered(names("openid", "email"), names("birthdate"))
    consents.remember("lan", "one-stop", given, NOW)
    assert consents.find("lan", "one-stop") == given
    assert consents.find("lan", "portal") == NOTHING_REMEMBERED
    assert consents.find("hoa", "one-stop") == NOTHING_REMEMBERED


def test_allowing_more_adds_and_the_last_word_on_an_optional_claim_counts(database: Database) -> None:
    consents = Consents(database)
    consents.remember("lan", "one-stop", Remembered(names("openid"), names("a"), names("b")), NOW)
    consents.remember("lan", "one-stop", Remembered(names("email"), names("b"), names("a")), NOW + 9)
    assert consents.find("lan", "one-stop") == Remembered(names("openid", "email"), names("b"), names("a"))
    (listed,) = consents.of_person("lan")
    assert (listed.client_id, listed.given_at, listed.changed_at) == ("one-stop", NOW, NOW + 9)


def test_a_revoked_consent_is_forgotten_and_told(database: Database) -> None:
    consents = Consents(database)
    consents.remember("lan", "one-stop", Remembered(names("openid")), NOW)
    consents.remember("lan", "portal", Remembered(names("openid")), NOW + 1)
    assert [each.client_id for each in consents.of_person("lan")] == ["portal", "one-stop"]
    revoked = consents.revoke("lan", "one-stop")
    assert revoked is not None
    assert revoked.scopes == names("openid")
    assert consents.revoke("lan", "one-stop") is None
    assert consents.find("lan", "one-stop") == NOTHING_REMEMBERED
    assert [each.client_id for each in consents.of_person("lan")] == ["portal"]


def test_two_consents_at_once_lose_neither(database: Database) -> None:
    consents = Consents(database)
    consents.remember("lan", "one-stop", Remembered(names("openid")), NOW)
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda n: consents.remember("lan", "one-stop", Remembered(names(f"s{n}")), NOW), range(8)
            )
        )
    assert consents.find("lan", "one-stop").scopes == names("openid", *(f"s{n}" for n in range(8)))


def test_two_first_consents_at_once_are_both_kept(database: Database) -> None:
    """A double click on the very first consent: no row to lock yet."""
    consents = Consents(database)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: consents.remember("lan", "new", Remembered(names(f"s{n}")), NOW), range(4)))
    assert consents.find("lan", "new").scopes == names(*(f"s{n}" for n in range(4)))
