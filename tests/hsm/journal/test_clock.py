"""The clock never goes back: not in a running process, not by starting it again."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hsm.journal.clock import LEEWAY_SECONDS, JournalClock, latest_time
from hsm.journal.errors import ClockBehind
from tests.hsm.acts.conftest import NOW, House, to_sign


class Hand:
    """A host's clock that somebody turns."""

    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> datetime:
        return self.moment


def test_a_clock_that_goes_on_is_believed_and_small_steps_back_are_too() -> None:
    hand = Hand()
    clock = JournalClock(read=hand)
    for seconds in (0, 5, 4, 3600, 3600 - LEEWAY_SECONDS):
        hand.moment = NOW + timedelta(seconds=seconds)
        assert clock.now() == hand.moment


def test_a_clock_that_goes_back_is_refused_until_it_is_right_again() -> None:
    hand = Hand()
    clock = JournalClock(read=hand)
    clock.now()
    hand.moment = NOW - timedelta(seconds=LEEWAY_SECONDS + 1)
    for _ in range(2):
        with pytest.raises(ClockBehind):
            clock.now()
    hand.moment = NOW
    assert clock.now() == NOW


def test_a_process_that_starts_again_knows_from_its_journal_how_late_it_was(tmp_path: Path) -> None:
    house = House(f"sqlite:///{tmp_path}/hsm.sqlite3")
    assert latest_time(house.log) == 0
    act = house.act()
    house.signing.sign_approved(act.encode(), house.approve(act.encode()), to_sign(act), now=NOW)
    hand = Hand()
    hand.moment = NOW - timedelta(hours=1)
    with pytest.raises(ClockBehind):
        JournalClock(latest_time(house.log), hand).now()
    house.close()
