"""A policy comes into force by two administrators, one of them by passkey, and in no other way."""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from hsm.acts.approval import Approval
from hsm.administer import draft
from hsm.errors import ActMalformed, ApprovalRefused, PolicyRefused
from hsm.repeat import Repeat
from policies.bundle import bundle_digest
from tests.hsm.acts.conftest import NOW, bare_item
from tests.hsm.acts.governed_house import FILES, STRICTER, GovernedHouse
from tests.hsm.acts.people import DEVICE


class TestChange:
    def test_a_proposer_and_anothers_passkey_bring_a_policy_into_force(self, ruled: GovernedHouse) -> None:
        six = [bare_item(str(number)) for number in range(6)]
        client = {"credential_id": ruled.add_credential("service-seal", "one-stop")}
        act = ruled.act(*six, **client)
        ruled.signing.authorize(act.encode(), ruled.approve(act.encode()), now=NOW)
        done = ruled.activate(STRICTER)
        assert done == {
            "version": 2, "bundle": bundle_digest(STRICTER), "previous": bundle_digest(FILES),
        }  # fmt: skip
        assert ruled.active.version == 2
        act = ruled.act(*six, **client)
        with pytest.raises(PolicyRefused) as refused:
            ruled.signing.authorize(act.encode(), ruled.approve(act.encode()), now=NOW)
        assert refused.value.rules == ("never-more-than-five",)
        ruled.restart()
        assert (ruled.active.version, ruled.active.current.bundle.digest) == (
            2,
            bundle_digest(STRICTER),
        )

    def test_the_journal_names_bundle_version_and_both_approvals(self, ruled: GovernedHouse) -> None:
        ruled.activate(STRICTER)
        [entry] = [one for one in ruled.entries() if one.get("action") == "activate_policy"]
        assert entry["activates"] == {
            "version": 2, "bundle": bundle_digest(STRICTER), "previous": bundle_digest(FILES),
        }  # fmt: skip
        kept = orjson.loads(ruled.versions()[0].approvals)
        assert [(one["kind"], one["approver"]) for one in kept] == [
            ("admin_jws", "quan-tri-1"), ("passkey", "quan-tri-2"),
        ]  # fmt: skip
        assert entry["approvals"] == [hashlib.sha256(one["evidence"].encode()).hexdigest() for one in kept]
        assert entry["rules"] == ["activate-policy"]
        assert "nguoi-2" not in json.dumps(entry)
        assert "thử" not in json.dumps(entry, ensure_ascii=False)

    def test_the_first_policy_is_in_the_journal_once(self, ruled: GovernedHouse) -> None:
        ruled.restart()
        [first] = [one for one in ruled.entries() if one["type"] == "policy"]
        assert (first["policy"], first["bundle"]) == (1, bundle_digest(FILES))
        assert ruled.versions()[-1].leaf_index is not None

    def test_every_signature_names_the_version_that_allowed_it(self, ruled: GovernedHouse) -> None:
        own = ruled.enrol_passkey("an", aaguid=DEVICE)
        ruled.sign_by(own)
        ruled.activate(STRICTER)
        ruled.sign_by(own)
        assert [one["policy"] for one in ruled.signing_entries() if one.get("kind") != "admin"] == [
            1,
            2,
        ]

    def test_an_earlier_policy_comes_back_under_a_new_number(self, ruled: GovernedHouse) -> None:
        ruled.activate(STRICTER)
        done = ruled.activate(FILES)
        assert (done["version"], done["bundle"]) == (3, bundle_digest(FILES))
        assert [one.version for one in ruled.active.approved_versions()] == [3, 2, 1]

    def test_another_process_notices_within_two_seconds(self, ruled: GovernedHouse) -> None:
        other = ruled.another_process()
        watching = Repeat("newer_policy", other.refresh, 1.0)
        watching.start()
        try:
            ruled.activate(STRICTER)
            until = time.monotonic() + 2
            while other.version != 2 and time.monotonic() < until:
                time.sleep(0.02)
            assert other.version == 2
        finally:
            watching.close()


def test_a_policy_is_governed_on_postgresql_as_on_sqlite(
    tmp_path: Path, postgres_url: Callable[[], str]
) -> None:
    house = GovernedHouse(tmp_path / "pg", postgres_url())
    try:
        other = house.another_process()
        house.activate(STRICTER)
        other.refresh()
        assert (house.active.version, other.version) == (2, 2)
        house.activate(FILES)
        house.restart()
        assert [one.version for one in house.active.approved_versions()] == [3, 2, 1]
        act = house.act_on(house.lay_down(STRICTER))
        with pytest.raises(PolicyRefused):
            house.do(act, house.by_key(act))
    finally:
        house.close()


class TestAlone:
    def test_an_administrator_approving_alone_changes_nothing(self, steady: GovernedHouse) -> None:
        act = steady.act_on(steady.lay_down(STRICTER))
        with pytest.raises(PolicyRefused):
            steady.do(act)
        with pytest.raises(PolicyRefused):
            steady.do(act, steady.by_key(act))
        with pytest.raises(PolicyRefused):  # a passkey alone: nobody proposes it
            steady.do(act, steady.by_passkey(act))
        assert steady.active.version == 1

    def test_the_proposers_own_passkey_is_no_second_approval(self, steady: GovernedHouse) -> None:
        act = steady.act_on(steady.lay_down(STRICTER))
        with pytest.raises(ApprovalRefused, match="twice"):
            steady.do(act, steady.by_key(act), steady.by_passkey(act, "quan-tri-1"))

    def test_the_proposers_second_passkey_is_no_second_approval(self, steady: GovernedHouse) -> None:
        second = steady.enrol_passkey("nguoi-1")
        act = steady.act_on(steady.lay_down(STRICTER))
        with pytest.raises(ApprovalRefused, match="twice"):
            steady.do(act, steady.by_key(act), Approval(**second.approve(act)))
        assert steady.active.version == 1

    def test_two_keys_without_a_passkey_change_nothing(self, steady: GovernedHouse) -> None:
        act = steady.act_on(steady.lay_down(STRICTER))
        with pytest.raises(PolicyRefused, match="passkey"):
            steady.do(act, steady.by_key(act), steady.by_key(act, "quan-tri-2"))

    def test_one_approval_counted_twice_is_refused(self, steady: GovernedHouse) -> None:
        act = steady.act_on(steady.lay_down(STRICTER))
        one = steady.by_passkey(act)
        with pytest.raises(ApprovalRefused):
            steady.do(act, steady.by_key(act), one, one)
        own = steady.by_key(act)
        with pytest.raises(ApprovalRefused, match="twice"):
            steady.do(act, own, own, one)

    def test_a_person_who_is_no_administrator_approves_nothing(self, steady: GovernedHouse) -> None:
        own = steady.enrol_passkey("an")
        act = steady.act_on(steady.lay_down(STRICTER))
        with pytest.raises(ApprovalRefused, match="no administrator"):
            steady.do(act, steady.by_key(act), Approval(**own.approve(act)))

    def test_a_person_becomes_an_administrator_only_with_their_own_passkey(
        self, ruled: GovernedHouse
    ) -> None:
        act = draft(
            "link_administrator", {"admin_id": "quan-tri-2", "person_id": "an"}, now=int(NOW.timestamp())
        )
        two = [ruled.by_key(act), ruled.by_key(act, "quan-tri-3")]
        with pytest.raises(PolicyRefused) as refused:
            ruled.do(act, *two)
        assert refused.value.rules == ("never-link-without-person",)
        own = ruled.enrol_passkey("an")
        with pytest.raises(PolicyRefused):
            ruled.do(act, two[0], Approval(**own.approve(act)))
        assert ruled.do(act, *two, Approval(**own.approve(act)))["person_id"] == "an"

    def test_one_person_is_not_two_administrators(self, steady: GovernedHouse) -> None:
        act = draft(
            "link_administrator", {"admin_id": "quan-tri-1", "person_id": "nguoi-2"}, now=int(NOW.timestamp())
        )
        with pytest.raises(ActMalformed, match="another administrator"):
            steady.do(
                act,
                steady.by_key(act),
                steady.by_key(act, "quan-tri-3"),
                steady.by_passkey(act),
            )
