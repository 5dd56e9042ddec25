"""Leaves that nobody waits for: they share the transaction of what comes next, and none is left behind."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hsm.acts import sign_token
from hsm.errors import JournalError
from tests.hsm.acts.conftest import House

LONG = 600.0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = House(f"sqlite:///{tmp_path}/hsm.sqlite3")
    yield built
    built.close_as_it_is()


def wait_for(house: House, entries: list[bytes]) -> None:
    until = time.monotonic() + 60
    while (there := [entry for _, entry in house.log.entries(0, 10)]) != entries:
        assert time.monotonic() < until, there
        time.sleep(0.01)


def test_a_lingering_leaf_is_written_before_the_next_intent_and_does_not_keep_it_waiting(
    house: House,
) -> None:
    house.ledger.enter_later([b"outcome"], linger=LONG)
    assert house.ledger.enter([b"intent"]).first_index == 1
    wait_for(house, [b"outcome", b"intent"])


def test_a_leaf_that_may_wait_long_holds_up_none_that_may_not(house: House) -> None:
    house.ledger.enter_later([b"token outcome"], linger=LONG)
    house.ledger.enter_later([b"grant outcome"])
    wait_for(house, [b"token outcome", b"grant outcome"])


def test_a_lingering_leaf_is_written_when_nothing_else_comes(house: House) -> None:
    house.ledger.enter_later([b"outcome"], linger=0.1)
    wait_for(house, [b"outcome"])


def test_what_lingers_is_written_at_the_end(house: House) -> None:
    house.ledger.enter_later([b"outcome"], linger=LONG)
    house.ledger.close()
    wait_for(house, [b"outcome"])


def test_a_closed_ledger_refuses_what_nobody_would_write(house: House) -> None:
    house.ledger.close()
    with pytest.raises(JournalError):
        house.ledger.enter([b"intent"])
    with pytest.raises(JournalError):
        house.ledger.enter_later([b"outcome"])


def test_the_outcomes_of_tokens_cost_no_transaction_of_their_own(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_token, "OUTCOME_LINGER_SECONDS", LONG)
    heads = []
    adopt = house.log.adopt

    def count(staged: object) -> None:
        heads.append(staged)
        adopt(staged)  # type: ignore[arg-type]

    house.log.adopt = count  # type: ignore[method-assign]
    for _ in range(3):
        house.access_token([b"digest"])
    assert len(heads) == 3
    assert [entry["type"] for entry in house.entries()] == ["intent", "outcome"] * 3
