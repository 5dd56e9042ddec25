"""Each durable step fails twice: lost, and persisted-then-reported-lost.

For each: is a signature out? is the intent in the journal? may the caller retry with the same approval?
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection

from hsm.acts import grant
from hsm.errors import GrantRefused, HsmError, StoreUnavailable, TokenUnavailable
from tests.hsm.acts.conftest import NOW, ONE_STOP, House, to_sign


class Fault:
    """Makes the n-th transaction of the ledger fail, before or after its commit."""

    def __init__(self, house: House) -> None:
        self._writing = house.database.writing
        self._house = house
        self.at = 0
        self.after_commit = False
        self.count = 0
        house.database.writing = self.writing  # type: ignore[method-assign]

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        self.count += 1
        failing = self.count == self.at
        with self._writing() as connection:
            yield connection
            if failing and not self.after_commit:
                raise StoreUnavailable("lost")
        if failing:
            raise StoreUnavailable("persisted, but nobody heard of it")


@pytest.mark.parametrize(
    ("after_commit", "intents", "may_retry"),
    [(False, 0, True), (True, 1, False)],
    ids=["the intent is lost", "the intent is persisted, then an error"],
)
def test_a_failure_at_the_intent_signs_nothing(
    house: House, after_commit: bool, intents: int, may_retry: bool
) -> None:
    fault = Fault(house)
    fault.at, fault.after_commit = 1, after_commit
    act = house.act()
    approval = house.approve(act.encode())
    with pytest.raises(StoreUnavailable):
        house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
    assert house.key.uses == 0
    assert len(house.signing_entries()) == intents
    if may_retry:
        assert house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
    else:
        # The journal over-reports: the intent stands, unresolved, and its rows never sign again.
        with pytest.raises(GrantRefused):
            house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)


@pytest.mark.parametrize("after_commit", [False, True], ids=["lost", "persisted"])
def test_a_failure_at_the_outcome_keeps_the_signature_and_the_rows_spent(
    house: House, after_commit: bool
) -> None:
    fault = Fault(house)
    fault.at, fault.after_commit = 2, after_commit
    act = house.act()
    approval = house.approve(act.encode())
    assert len(house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)) == 1
    while fault.count < fault.at:  # the outcome is written behind the answer
        time.sleep(0.01)
    assert len(house.signing_entries()) == 1
    with pytest.raises(GrantRefused):
        house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)


def test_a_release_that_is_lost_leaves_the_rows_reserved(house: House) -> None:
    fault = Fault(house)
    fault.at = 2
    house.key.fail = TokenUnavailable("away")
    act = house.act()
    approval = house.approve(act.encode())
    with pytest.raises(HsmError):
        house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
    house.key.fail = None
    with pytest.raises(GrantRefused):
        house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
    assert house.key.uses == 0


def test_what_a_dead_process_reserved_is_never_free_again(house: House) -> None:
    class Died(BaseException):
        """As SIGKILL: no handler runs."""

    house.key.fail = Died()  # type: ignore[assignment]
    act = house.act()
    approval = house.approve(act.encode())
    with pytest.raises(Died):
        house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
    house.ledger.enter([], change=grant.abandon_reserved)
    house.key.fail = None
    with pytest.raises(GrantRefused):
        house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
    assert len(house.signing_entries()) == 1


class TestOnBothDatabases:
    """The same promises hold on SQLite and on PostgreSQL."""

    @pytest.fixture(params=["sqlite", "postgresql"])
    def any_house(
        self, request: pytest.FixtureRequest, tmp_path: Any, postgres_url: Callable[[], str]
    ) -> Iterator[House]:
        url = f"sqlite:///{tmp_path}/any.sqlite3" if request.param == "sqlite" else postgres_url()
        built = House(url)
        yield built
        built.close()

    def test_a_grant_signs_once(self, any_house: House) -> None:
        act = any_house.act()
        approval = any_house.approve(act.encode())
        assert any_house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
        with pytest.raises(GrantRefused):
            any_house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)

    def test_a_sad_is_reserved_all_or_none_and_released(self, any_house: House) -> None:
        act = any_house.act()
        sad = any_house.signing.authorize(act.encode(), any_house.approve(act.encode()), now=NOW).sad
        any_house.key.fail = TokenUnavailable("away")
        with pytest.raises(TokenUnavailable):
            any_house.signing.sign_granted(sad, ONE_STOP, to_sign(act), now=NOW)
        any_house.key.fail = None
        assert any_house.signing.sign_granted(sad, ONE_STOP, to_sign(act), now=NOW)
        with pytest.raises(GrantRefused):
            any_house.signing.sign_granted(sad, ONE_STOP, to_sign(act), now=NOW)

    def test_two_key_processes_on_one_database_share_one_journal(self, any_house: House) -> None:
        from hsm.acts.ledger import Ledger  # noqa: PLC0415
        from hsm.journal.log import Log  # noqa: PLC0415

        log = Log(any_house.database.reader)
        log.reload()
        other = Ledger(any_house.database, log, lambda size, root: f"{size}")
        for number in range(10):
            (any_house.ledger if number % 2 else other).enter([f'{{"n":{number},"type":"x"}}'.encode()])
        other.close()
        log.reload()
        assert log.head()[0] == 10
