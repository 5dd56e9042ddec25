"""An act's text can be erased; what it proved, and that it was used, cannot."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hsm.acts.act import ActItem
from hsm.acts.erase import erase_acts, erase_administrative_acts
from hsm.errors import ActRefused, GrantRefused
from hsm.store import add_performed
from hsm.tables import grant, grant_item, performed_act
from tests.hsm.acts.conftest import NOW, ONE_STOP, House, bare_item, to_sign

MOMENT = int(NOW.timestamp())
TITLE = "Quyet-dinh-ky-luat-MAU"
LATER = NOW + timedelta(days=400)


def titled() -> ActItem:
    return ActItem(bare_item("a").digest, TITLE, "dtbsr")


def stored_acts(house: House) -> list[bytes]:
    with house.database.reading() as connection:
        return [bytes(act) for act in connection.execute(select(grant.c.act)).scalars()]


def test_a_used_act_is_erased_and_the_journal_stays_as_it_was(house: House, tmp_path: Path) -> None:
    act = house.act(titled())
    signed = house.signing.sign_approved(act.encode(), house.approve(act.encode()), to_sign(act), now=NOW)
    journal = house.entries()
    head = house.log.head()
    assert erase_acts(house.database, MOMENT + 301, now=int(LATER.timestamp())) == 1
    assert stored_acts(house) == [b""]
    assert house.entries() == journal
    house.log.reload()
    assert house.log.head() == head
    assert len(house.log.inclusion_proof(signed[0].leaf_index, head[0])) > 0
    with house.database.reading() as connection:
        states = connection.execute(select(grant_item.c.state, grant_item.c.leaf_index)).all()
    assert [tuple(row) for row in states] == [("USED", signed[0].leaf_index)]
    # Nothing is left of it in the files: not in free pages, not in the write-ahead log.
    for file in tmp_path.glob("hsm.sqlite3*"):
        assert TITLE.encode() not in file.read_bytes(), file.name


def test_an_erased_approval_still_cannot_be_used_again(house: House) -> None:
    act = house.act(titled())
    approval = house.approve(act.encode())
    house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
    house.entries()
    erase_acts(house.database, MOMENT + 301, now=int(LATER.timestamp()))
    for moment in (NOW, LATER):
        with pytest.raises(GrantRefused):
            house.signing.sign_approved(act.encode(), approval, to_sign(act), now=moment)
    assert house.key.uses == 1


def test_the_sad_of_an_erased_act_is_refused(house: House) -> None:
    act = house.act(titled())
    issued = house.signing.authorize(act.encode(), house.approve(act.encode()), now=NOW)
    assert erase_acts(house.database, MOMENT + 301, now=int(LATER.timestamp())) == 1
    for moment in (NOW, LATER):
        with pytest.raises(ActRefused):
            house.signing.sign_granted(issued.sad, ONE_STOP, to_sign(act), now=moment)
    assert house.key.uses == 0


def test_an_act_that_is_not_over_is_never_erased(house: House) -> None:
    act = house.act(titled())
    issued = house.signing.authorize(act.encode(), house.approve(act.encode()), now=NOW)
    # Whoever asks for too much gets no more than what is over.
    assert erase_acts(house.database, MOMENT * 2, now=MOMENT) == 0
    assert house.signing.sign_granted(issued.sad, ONE_STOP, to_sign(act), now=NOW)


def test_an_act_that_is_being_signed_is_not_erased(house: House) -> None:
    act = house.act(titled())
    house.signing.authorize(act.encode(), house.approve(act.encode()), now=NOW)
    with house.database.writing() as connection:
        connection.execute(update(grant_item).values(state="RESERVED"))
    assert erase_acts(house.database, MOMENT + 301, now=int(LATER.timestamp())) == 0
    assert stored_acts(house) == [act.encode()]


def test_many_acts_are_erased_in_short_transactions(house: House) -> None:
    for _ in range(450):
        act = house.act(titled())
        house.signing.authorize(act.encode(), house.approve(act.encode()), now=NOW)
    assert erase_acts(house.database, MOMENT + 301, now=int(LATER.timestamp())) == 450
    assert erase_acts(house.database, MOMENT + 301, now=int(LATER.timestamp())) == 0


def test_administrative_acts_are_erased_by_their_own_age(house: House) -> None:
    with house.database.writing() as connection:
        for number in range(500):
            text = json.dumps({"type": "admin", "holder": "Nguyễn Văn MẪU", "expires_at": number}).encode()
            add_performed(connection, number.to_bytes(32, "big"), text, number)
    assert erase_administrative_acts(house.database, 400, now=MOMENT) == 400
    with house.database.reading() as connection:
        left = [bytes(act) for act in connection.execute(select(performed_act.c.act)).scalars()]
    assert len([act for act in left if act]) == 100
    assert len(left) == 500


def test_acts_are_erased_on_postgresql_too(postgres_url: Callable[[], str]) -> None:
    house = House(postgres_url())
    act = house.act(titled())
    house.signing.sign_approved(act.encode(), house.approve(act.encode()), to_sign(act), now=NOW)
    house.entries()
    with house.database.writing() as connection:
        add_performed(connection, bytes(32), json.dumps({"expires_at": 1}).encode(), 1)
    moment = int(LATER.timestamp())
    assert erase_acts(house.database, MOMENT + 301, now=moment) == 1
    assert erase_administrative_acts(house.database, MOMENT, now=moment) == 1
    assert stored_acts(house) == [b""]
    house.close()
