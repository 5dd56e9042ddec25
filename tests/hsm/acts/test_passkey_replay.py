"""One assertion of a passkey is one signature, however often it comes, and no sign of a clone."""

import threading

import pytest

from hsm.acts.approval import Approval
from hsm.errors import GrantRefused, TokenUnavailable
from tests.hsm.acts.conftest import NOW
from tests.hsm.acts.people import PeopleHouse


class TestReplay:
    def test_a_replayed_assertion_signs_nothing_and_is_no_clone(self, people_house: PeopleHouse) -> None:
        passkey = people_house.enrol_passkey(counter=7)
        act = people_house.act()
        approval = passkey.approve(act.encode())
        people_house.sign(act, approval)
        people_house.sign_by(passkey)
        # Whoever carries approvals could otherwise have anybody's passkey suspended.
        for evidence in (approval["evidence"], " " + approval["evidence"]):
            with pytest.raises(GrantRefused):
                people_house.sign(act, Approval("passkey", evidence))
            with pytest.raises(GrantRefused):
                people_house.signing.authorize(act.encode(), Approval("passkey", evidence), now=NOW)
        assert people_house.stored(passkey).state == "active"
        assert people_house.key.uses == 2

    @pytest.mark.parametrize("counter", [None, 7])
    def test_a_hundred_threads_with_one_assertion_get_one_signature(
        self, people_house: PeopleHouse, counter: int | None
    ) -> None:
        passkey = people_house.enrol_passkey(counter=counter)
        act = people_house.act()
        approval = passkey.approve(act.encode())
        results: list[str] = []

        def attempt() -> None:
            try:
                people_house.sign(act, approval)
                results.append("signed")
            except GrantRefused:
                results.append("refused")

        threads = [threading.Thread(target=attempt) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (results.count("signed"), results.count("refused")) == (1, 99)
        assert people_house.stored(passkey).state == "active"

    def test_an_approval_that_a_failed_token_left_unused_is_used_later(
        self, people_house: PeopleHouse
    ) -> None:
        passkey = people_house.enrol_passkey(counter=7)
        act = people_house.act()
        approval = passkey.approve(act.encode())
        people_house.key.fail = TokenUnavailable("away")
        with pytest.raises(TokenUnavailable):
            people_house.sign(act, approval)
        people_house.key.fail = None
        assert people_house.sign(act, approval)
        with pytest.raises(GrantRefused):
            people_house.sign(act, approval)
        assert people_house.stored(passkey).state == "active"
