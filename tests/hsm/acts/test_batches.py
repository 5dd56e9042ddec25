"""One approval for up to 10,000 documents, each listed, each usable once; some may be left out."""

import hashlib
from dataclasses import replace

import pytest

from hsm.acts.act import MAX_ACT_BYTES, MAX_ITEMS, MAX_TITLE, ActItem
from hsm.acts.approval import Approval
from hsm.errors import (
    ActRefused,
    GrantRefused,
)
from tests.hsm.acts.conftest import NOW, ONE_STOP, bare_item, to_sign
from tests.hsm.acts.people import PeopleHouse


class TestBatch:
    def test_ten_thousand_titled_documents_are_one_act(self, people_house: PeopleHouse) -> None:
        title = ("Quyết định về việc phê duyệt chủ trương đầu tư; " * 20)[:MAX_TITLE]
        items = tuple(
            ActItem(hashlib.sha256(str(n).encode()).digest(), title, "prepared", bytes(32))
            for n in range(MAX_ITEMS)
        )
        act = people_house.act(*items).encode()
        assert 4 * 1024 * 1024 < len(act) < MAX_ACT_BYTES
        passkey = people_house.enrol_passkey()
        granted = people_house.signing.authorize(act, Approval(**passkey.approve(act)), now=NOW)
        assert granted.act_digest == hashlib.sha256(act).digest()

    def test_documents_left_out_of_a_granted_act_are_simply_never_signed(
        self, people_house: PeopleHouse
    ) -> None:
        act = people_house.act(*(bare_item(str(n)) for n in range(300)))
        approval = Approval(**people_house.enrol_passkey().approve(act.encode()))
        sad = people_house.signing.authorize(act.encode(), approval, now=NOW).sad
        items = to_sign(act)
        wanted = [n for n in range(300) if n % 3]
        for start in range(0, len(wanted), 50):
            part = wanted[start : start + 50]
            made = people_house.signing.sign_granted(
                sad, ONE_STOP, [items[n] for n in part], positions=part, now=NOW
            )
            assert len(made) == 50
        with pytest.raises(GrantRefused):
            people_house.signing.sign_granted(sad, ONE_STOP, [items[1]], positions=[1], now=NOW)
        assert sorted(entry["position"] for entry in people_house.signing_entries()) == wanted

    def test_an_act_made_again_without_some_documents_needs_an_approval_of_its_own(
        self, people_house: PeopleHouse
    ) -> None:
        passkey = people_house.enrol_passkey()
        act = people_house.act(bare_item("a"), bare_item("b"), bare_item("c"))
        approval = passkey.approve(act.encode())
        smaller = replace(act, items=act.items[:2])
        with pytest.raises(ActRefused):
            people_house.sign(smaller, approval)
        with pytest.raises(ActRefused):  # nor does the whole act's approval sign a part of it at once
            people_house.signing.sign_approved(act.encode(), Approval(**approval), to_sign(act)[:2], now=NOW)
        assert people_house.sign(smaller, passkey.approve(smaller.encode()))
