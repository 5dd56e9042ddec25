"""Somebody writes the key process's database, and has nothing else: no policy and no approval comes of it."""

import base64
from typing import Any

import orjson
import pytest
import rfc8785
from antin.software_passkey import SoftwarePasskey
from sqlalchemy import delete, insert, select, update

from hsm import policy_store
from hsm.acts.active_policy import PolicyRolledBack
from hsm.acts.approval import Approval
from hsm.acts.policy_evidence import PolicyNotApproved, check_version, version_row
from hsm.administer import draft
from hsm.errors import ActMalformed, ApprovalRefused
from hsm.policy_tables import policy_bundle, policy_version
from hsm.tables import admin, client_key, passkey, performed_act
from policies.bundle import bundle_digest
from policies.model import ActionName
from tests.hsm.acts.conftest import NOW
from tests.hsm.acts.governed_house import FILES, STRICTER, GovernedHouse
from tests.hsm.acts.people import ORIGIN, RP_ID


def write(ruled: GovernedHouse, *statements: Any) -> None:
    """What somebody does who holds the database and nothing else."""
    with ruled.database.writing() as connection:
        for statement in statements:
            connection.execute(statement)


def columns(stored: policy_store.StoredVersion, **changes: Any) -> dict[str, Any]:
    return {name: getattr(stored, name) for name in policy_store.StoredVersion.__slots__} | changes


class TestDatabase:
    """Somebody writes the key process's database, and has nothing else."""

    def test_a_bundle_whose_text_was_edited_after_approval_is_not_loaded(self, ruled: GovernedHouse) -> None:
        ruled.activate(STRICTER)
        digest = bundle_digest(STRICTER)
        edited = rfc8785.dumps(FILES).decode()
        write(ruled, update(policy_bundle).where(policy_bundle.c.digest == digest).values(files=edited))
        with pytest.raises(PolicyRolledBack):  # 1 is approved, and 2 was in force
            ruled.restart()
        assert ("policy.not_approved", {"version": 2, "error": "PolicyNotApproved"}) in ruled.events

    def test_a_row_that_somebody_wrote_is_not_loaded(self, ruled: GovernedHouse) -> None:
        lax = FILES | {"rules/lax.cedar": "// everything\n"}
        ruled.activate(STRICTER)
        true = ruled.versions()[0]
        forged = columns(
            true,
            version=3,
            bundle=ruled.lay_down(lax),
            act=ruled.act_on(ruled.lay_down(lax)),
        )
        write(ruled, insert(policy_version).values(forged))
        ruled.active.refresh()
        assert ruled.active.version == 2
        ruled.restart()
        assert ruled.active.version == 2
        assert [one.version for one in ruled.active.approved_versions()] == [2, 1]

    def test_a_forged_ceremony_is_not_loaded(self, ruled: GovernedHouse) -> None:
        digest = ruled.lay_down(STRICTER)
        first = ruled.versions()[0]
        write(ruled, update(policy_version).values(bundle=digest))
        with pytest.raises(PolicyNotApproved):
            ruled.restart()
        write(ruled, update(policy_version).values(bundle=first.bundle))
        write(ruled, insert(policy_version).values(columns(first, version=2, bundle=digest)))
        ruled.restart()
        assert ruled.active.version == 1

    @pytest.mark.parametrize(
        "changes",
        [{"activated_at": 1}, {"leaf_index": 0}, {"act": b"{}"}, {"approvals": "[]"}, {"version": 5}],
        ids=str,
    )
    def test_a_row_edited_anywhere_is_not_loaded(self, ruled: GovernedHouse, changes: dict[str, Any]) -> None:
        ruled.activate(STRICTER)
        write(ruled, update(policy_version).where(policy_version.c.version == 2).values(changes))
        with pytest.raises(PolicyRolledBack):
            ruled.restart()

    def test_swapped_approvals_are_not_loaded(self, ruled: GovernedHouse) -> None:
        ruled.activate(STRICTER)
        ruled.activate(FILES)
        third, second, _ = ruled.versions()
        for stored, approvals in ((second, third.approvals), (third, second.approvals)):
            swapped = update(policy_version).where(policy_version.c.version == stored.version)
            write(ruled, swapped.values(approvals=approvals))
        with pytest.raises(PolicyRolledBack):
            ruled.restart()

    def test_an_old_bundle_activated_again_without_a_new_act_is_not_loaded(
        self, ruled: GovernedHouse
    ) -> None:
        """The older version put back as the newest, with everything that made it true once."""
        ruled.activate(STRICTER)
        ruled.activate(FILES)
        second = ruled.versions()[1]
        write(ruled, insert(policy_version).values(columns(second, version=4)))
        ruled.restart()
        assert ruled.active.version == 3
        write(ruled, delete(policy_version).where(policy_version.c.version > 2))
        ruled.active.refresh()
        assert ruled.active.version == 3  # it goes forward only
        with pytest.raises(PolicyRolledBack, match="version 3"):
            ruled.restart()

    def test_a_replaced_passkey_approves_nothing(self, ruled: GovernedHouse) -> None:
        false = SoftwarePasskey.new(RP_ID, ORIGIN)
        own = ruled.enrol_passkey("an")
        with ruled.database.reading() as connection:
            [other] = connection.execute(
                select(passkey).where(passkey.c.credential_id == own.credential_id)
            ).mappings()
        victim = ruled.admin_passkeys["quan-tri-2"].credential_id
        for values in (
            {"public_key": other["public_key"]},
            {"public_key": other["public_key"], "seal": other["seal"]},
        ):
            write(ruled, update(passkey).where(passkey.c.credential_id == victim).values(values))
            ruled.restart()
            false.key, false.credential_id = own.key, victim
            act = ruled.act_on(ruled.lay_down(STRICTER))
            with pytest.raises(ApprovalRefused):
                ruled.do(act, ruled.by_key(act), Approval(**false.approve(act)))

    def test_a_passkey_given_to_an_administrator_behind_the_acts_approves_nothing(
        self, ruled: GovernedHouse
    ) -> None:
        own = ruled.enrol_passkey("an")
        write(ruled, update(admin).where(admin.c.admin_id == "quan-tri-2").values(person_id="an"))
        ruled.restart()
        act = ruled.act_on(ruled.lay_down(STRICTER))
        with pytest.raises(ApprovalRefused):
            ruled.do(act, ruled.by_key(act), Approval(**own.approve(act)))

    def test_an_administrator_whom_somebody_wrote_approves_nothing(self, ruled: GovernedHouse) -> None:
        with ruled.database.reading() as connection:
            true = dict(connection.execute(select(admin)).mappings().first() or {})
        mine = ruled.clients["one-stop"]
        jwk = orjson.dumps(mine.as_dict(private=False)).decode()
        forged = {**true, "admin_id": "quan-tri-9", "kid": mine.thumbprint(), "jwk": jwk, "person_id": None}
        write(ruled, insert(admin).values(forged))
        act = draft("unlock_factor", {"person_id": "an"}, now=int(NOW.timestamp()))
        false = Approval("admin_jws", ruled.approve(act).evidence)
        with pytest.raises(ApprovalRefused):
            ruled.do(act, ruled.by_key(act), false)

    def test_a_retired_passkey_set_back_to_active_approves_nothing(self, ruled: GovernedHouse) -> None:
        victim = ruled.admin_passkeys["quan-tri-2"].credential_id
        name = base64.urlsafe_b64encode(victim).rstrip(b"=").decode()
        ruled.perform(ActionName.RETIRE_PASSKEY, {"person_id": "nguoi-2", "passkey": name})
        write(ruled, update(passkey).where(passkey.c.credential_id == victim).values(state="active"))
        ruled.restart()
        act = ruled.act_on(ruled.lay_down(STRICTER))
        with pytest.raises(ApprovalRefused):
            ruled.do(act, ruled.by_key(act), ruled.by_passkey(act))

    def test_a_client_key_that_somebody_wrote_signs_nothing(self, ruled: GovernedHouse) -> None:
        kid = ruled.clients["other-client"].thumbprint()
        write(ruled, update(client_key).where(client_key.c.kid == kid).values(client_id="one-stop"))
        ruled.restart()
        act = ruled.act(credential_id=ruled.add_credential("service-seal", "one-stop"))
        with pytest.raises(ApprovalRefused):
            ruled.signing.authorize(act.encode(), ruled.approve(act.encode(), "other-client"), now=NOW)

    def test_an_act_forgotten_by_the_store_is_not_performed_again(self, ruled: GovernedHouse) -> None:
        act = ruled.act_on(ruled.lay_down(STRICTER))
        approvals = (ruled.by_key(act), ruled.by_passkey(act))
        ruled.do(act, *approvals)
        write(ruled, delete(performed_act))
        with pytest.raises(ActMalformed):
            ruled.do(act, *approvals)


class TestEvidence:
    """Behind the seal: what is checked as well, should the seal ever be forged."""

    def check(self, ruled: GovernedHouse, **changes: Any) -> None:
        stored = ruled.versions()[0]
        bent = policy_store.StoredVersion(**columns(stored, **changes))
        sealed = policy_store.StoredVersion(**columns(bent, seal=ruled.seals.seal(version_row(bent))))
        with ruled.database.reading() as connection:
            files = policy_store.find_files(connection, sealed.bundle)
        check_version(sealed, files, ruled.seals, ruled.log.entry)

    def test_what_was_approved_passes(self, ruled: GovernedHouse) -> None:
        ruled.activate(STRICTER)
        self.check(ruled)

    @pytest.mark.parametrize("kept", [[0], [1], [0, 0], [1, 1], []], ids=str)
    def test_evidence_of_fewer_than_two_does_not_pass(self, ruled: GovernedHouse, kept: list[int]) -> None:
        ruled.activate(STRICTER)
        approvals = orjson.loads(ruled.versions()[0].approvals)
        with pytest.raises(PolicyNotApproved):
            self.check(ruled, approvals=orjson.dumps([approvals[one] for one in kept]).decode())

    def test_evidence_of_another_act_does_not_pass(self, ruled: GovernedHouse) -> None:
        ruled.activate(STRICTER)
        first = ruled.versions()[0]
        ruled.activate(FILES)
        with pytest.raises(PolicyNotApproved):
            self.check(ruled, approvals=first.approvals)
        with pytest.raises(PolicyNotApproved):
            self.check(ruled, act=first.act)
        with pytest.raises(PolicyNotApproved):
            self.check(ruled, leaf_index=first.leaf_index)

    def test_a_proposer_renamed_to_the_approver_does_not_pass(self, ruled: GovernedHouse) -> None:
        ruled.activate(STRICTER)
        approvals = orjson.loads(ruled.versions()[0].approvals)
        approvals[0]["approver"] = approvals[1]["approver"]
        with pytest.raises(PolicyNotApproved, match="twice"):
            self.check(ruled, approvals=orjson.dumps(approvals).decode())
