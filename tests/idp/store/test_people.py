"""People in the store, on SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from idp.directory.factor import PASSKEY, RETIRED, TOTP
from idp.directory.organisation import Organisation
from idp.directory.person import Mandate, Person, Post
from idp.errors import DirectoryRefused, IdpError
from idp.store.database import Database
from idp.store.factors import Factors
from idp.store.migrate import migrate
from idp.store.organisations import Organisations
from idp.store.people import People
from idp.store.people_tables import factor, person
from idp.store.sealing import ensure_directory_keys, read_sealing

NOW = 1_800_000_000
NUMBER = "049085000001"


@pytest.fixture(params=["sqlite", "postgresql"])
def people(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[People]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/idp.sqlite3"
    else:
        fresh: Callable[[], str] = request.getfixturevalue("postgres_url")
        url = fresh()
    database = Database(url)
    migrate(database, url)
    ensure_directory_keys(tmp_path / "keys")
    yield People(database, read_sealing(tmp_path / "keys"))
    database.close()


def official(person_id: str = "p-1", username: str = "Lan.Nguyen", number: str = NUMBER) -> Person:
    return Person(
        person_id,
        "official",
        "active",
        username,
        {"name": "Nguyễn Thị MẪU", "birthdate": "1985-02-01"},
        identity_level="02",
        personal_number=number,
        posts=(Post("H47.12", "Sở MẪU", "Chuyên viên"),),
        mandates=(Mandate("m-1", "enterprise", "4000000001", "Công ty MẪU", ("all",), NOW, NOW + 60),),
        roles=("administrator",),
    )


def test_a_person_comes_back_whole_by_each_of_three_ways(people: People) -> None:
    Organisations(people.database).save(Organisation("000.00.12.H47", "Sở MẪU"), NOW)
    saved = people.save(official(), NOW)
    assert saved.username == "lan.nguyen"
    assert saved.posts == official().posts
    for found in (
        people.find("p-1"),
        people.find_by_username(" LAN.nguyen"),
        people.find_by_personal_number(NUMBER),
    ):
        assert found == saved


def test_a_number_or_a_name_is_one_persons(people: People) -> None:
    Organisations(people.database).save(Organisation("H47.12", "Sở MẪU"), NOW)
    people.save(official(), NOW)
    with pytest.raises(DirectoryRefused):
        people.save(official("p-2", "other"), NOW)
    with pytest.raises(DirectoryRefused):
        people.save(official("p-2", "LAN.NGUYEN", ""), NOW)
    assert people.find("p-2") is None


def test_a_post_needs_an_organisation(people: People) -> None:
    with pytest.raises(DirectoryRefused, match="H47"):
        people.save(official(), NOW)


def test_the_database_alone_gives_no_personal_number_and_no_secret(people: People) -> None:
    Organisations(people.database).save(Organisation("H47.12", "Sở MẪU"), NOW)
    people.save(official(), NOW)
    Factors(people.database, people.sealing).add("p-1", TOTP, secret="JBSWY3DPEHPK3PXP", now=NOW)
    with people.database.reading() as connection:
        dump = str(connection.execute(select(person)).all()) + str(connection.execute(select(factor)).all())
    assert NUMBER not in dump
    assert "JBSWY3DPEHPK3PXP" not in dump


def test_a_sealed_number_copied_to_another_row_does_not_open(people: People) -> None:
    Organisations(people.database).save(Organisation("H47.12", "Sở MẪU"), NOW)
    people.save(official(), NOW)
    people.save(Person("p-2", "citizen", "active", "", {"name": "Kẻ gian MẪU"}), NOW)
    with people.database.writing() as connection:
        sealed = connection.execute(select(person.c.number_sealed).where(person.c.person_id == "p-1"))
        connection.execute(
            update(person).where(person.c.person_id == "p-2").values(number_sealed=sealed.scalar_one())
        )
    with pytest.raises(IdpError):
        people.find("p-2")


@pytest.mark.parametrize("state", ["suspended", "left"])
def test_saving_what_was_read_earlier_brings_nobody_back(people: People, state: str) -> None:
    """A login or a change of posts that crosses a suspension must not undo it."""
    read = people.save(Person("p-20", "citizen", "active", "hai.muoi", {"name": "Lan MẪU"}), NOW)
    people.change_state("p-20", state, NOW)
    saved = people.save(replace(read, claims={"name": "Lan Anh MẪU"}), NOW)
    assert (saved.state, saved.name) == (state, "Lan Anh MẪU")


def test_only_who_left_comes_back(people: People) -> None:
    people.save(Person("p-21", "official", "active", "hai.mot", {}), NOW)
    assert not people.come_back("p-21", NOW)
    people.change_state("p-21", "suspended", NOW)
    assert not people.come_back("p-21", NOW)
    people.change_state("p-21", "left", NOW)
    assert people.come_back("p-21", NOW)


def test_a_state_changes_and_the_person_stays(people: People) -> None:
    people.save(Person("p-3", "citizen", "active", "", {"name": "Dân MẪU"}), NOW)
    assert people.change_state("p-3", "left", NOW)
    assert not people.change_state("nobody", "left", NOW)
    found = people.find("p-3")
    assert found is not None
    assert found.state == "left"


def test_a_one_time_step_is_won_by_one_of_many(people: People) -> None:
    people.save(Person("p-4", "official", "active", "x.y", {}), NOW)
    factors = Factors(people.database, people.sealing)
    totp = factors.add("p-4", TOTP, secret="JBSWY3DPEHPK3PXP", now=NOW)
    assert factors.of_person("p-4")[0].secret == "JBSWY3DPEHPK3PXP"
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: factors.spend_totp_step(totp.factor_id, 7, NOW), range(16)))
    assert won.count(True) == 1
    assert not factors.spend_totp_step(totp.factor_id, 6, NOW)
    assert factors.spend_totp_step(totp.factor_id, 8, NOW)


def test_a_recovery_code_is_spent_once_and_a_new_set_voids_the_old(people: People) -> None:
    people.save(Person("p-5", "official", "active", "r.c", {}), NOW)
    factors = Factors(people.database, people.sealing)
    factors.replace_recovery_codes("p-5", ["a" * 64, "b" * 64], NOW)
    assert factors.spend_recovery_code("p-5", "a" * 64, NOW)
    assert not factors.spend_recovery_code("p-5", "a" * 64, NOW)
    factors.replace_recovery_codes("p-5", ["c" * 64], NOW)
    assert not factors.spend_recovery_code("p-5", "b" * 64, NOW)
    assert len(factors.of_person("p-5")) == 1


def test_a_passkey_counter_that_does_not_grow_is_told(people: People) -> None:
    people.save(Person("p-6", "official", "active", "p.k", {}), NOW)
    factors = Factors(people.database, people.sealing)
    passkey = factors.add("p-6", PASSKEY, secret="cose", handle="id-1", counter=4, now=NOW)
    with pytest.raises(DirectoryRefused):
        factors.add("p-6", PASSKEY, secret="cose", handle="id-1", now=NOW)
    assert factors.advance_counter(passkey.factor_id, 5, NOW)
    assert not factors.advance_counter(passkey.factor_id, 5, NOW)
    assert factors.change_state(passkey.factor_id, "p-6", RETIRED)
    assert factors.find_by_handle(PASSKEY, "id-1") is None
    # Retired is for ever; the authenticator may be registered again.
    assert not factors.change_state(passkey.factor_id, "p-6", "active")
    factors.add("p-6", PASSKEY, secret="cose", handle="id-1", now=NOW)


def test_people_without_number_or_name_are_not_one_person(people: People) -> None:
    for person_id, username in (("p-1", "hoa"), ("p-2", "mai"), ("p-3", ""), ("p-4", "")):
        assert people.save(Person(person_id, "citizen", "active", username, {}), NOW).person_id == person_id
