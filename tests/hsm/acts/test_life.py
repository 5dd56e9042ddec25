"""The life of a credential in a real key process: renewed, moved, handed over, revoked, cut off."""

import base64
import time
from typing import Any

import pytest
from cryptography import x509
from sqlalchemy import Column, create_engine, select

from hsm.acts.directory import FRESH_SECONDS
from hsm.administer import approve, draft
from hsm.client import (
    ActMalformed,
    ActRefused,
    Approval,
    ApprovalRefused,
    CredentialNotUsable,
    GrantRefused,
    KeyProcess,
)
from hsm.client import PolicyRefused as Refused
from hsm.life_tables import past_certificate
from hsm.tables import credential
from tests.hsm.acts.life import LifeProcess, certificates, second_process
from tests.servers.key_process import RunningKeyProcess

SUBJECT = {"CN": "MẪU - gia hạn", "O": "Cơ quan MẪU", "C": "VN"}


def values(process: RunningKeyProcess, column: Column[Any], credential_id: str) -> list[Any]:
    engine = create_engine(process.database_url)
    query = select(column).where(column.table.c.credential_id == credential_id)
    try:
        with engine.connect() as connection:
            return list(connection.execute(query).scalars())
    finally:
        engine.dispose()


class TestRevocation:
    def test_a_revoked_credential_never_signs_and_never_comes_back(
        self, lives: LifeProcess, name: str
    ) -> None:
        key = lives.register_client(name)
        credential_id = lives.active("service-seal", name)
        lives.sign(credential_id, name, key)
        lives.perform("revoke_credential", {"credential_id": credential_id, "reason": "keyCompromise"})
        with pytest.raises(CredentialNotUsable):
            lives.sign(credential_id, name, key)
        more = {"subject": SUBJECT, "chain": ["x"], "reason": "superseded"}
        for action in ("resume_credential", "renew_credential", "activate_renewal", "revoke_credential"):
            with pytest.raises(ActRefused):
                lives.perform(action, {"credential_id": credential_id, **more})
        assert lives.state(credential_id) == "revoked"
        lives.perform("destroy_credential", {"credential_id": credential_id})
        assert lives.state(credential_id) == "destroyed"

    def test_one_administrator_alone_revokes_and_renews_nothing(self, lives: LifeProcess, name: str) -> None:
        credential_id = lives.active("service-seal", name)
        parameters = {"credential_id": credential_id, "reason": "superseded", "subject": SUBJECT}
        for action in ("revoke_credential", "renew_credential", "activate_renewal"):
            with pytest.raises(Refused):
                lives.perform(action, parameters, approvers=1)
        assert lives.state(credential_id) == "active"

    def test_a_reason_is_a_word_of_the_standard(self, lives: LifeProcess, name: str) -> None:
        credential_id = lives.active("service-seal", name)
        with pytest.raises(ActMalformed, match="reason is one of"):
            lives.perform("revoke_credential", {"credential_id": credential_id, "reason": "vì thích"})

    def test_a_replayed_revocation_is_refused(self, lives: LifeProcess, name: str) -> None:
        """Neither the same act again, nor its approvals on another act."""
        one, other = lives.active("service-seal", name), lives.active("service-seal", name)
        now = int(time.time())
        act = draft("suspend_credential", {"credential_id": one}, now=now)
        approvals = [approve(act, key) for key in lives.admin_keys]
        client = KeyProcess(lives.admin)
        client.perform(act, approvals)
        lives.perform("resume_credential", {"credential_id": one})
        with pytest.raises(GrantRefused):
            client.perform(act, approvals)
        with pytest.raises(ApprovalRefused):
            client.perform(draft("suspend_credential", {"credential_id": other}, now=now), approvals)
        client.close()
        assert lives.state(one) == lives.state(other) == "active"


class TestRenewal:
    def test_a_renewed_credential_keeps_its_id_and_its_key(self, lives: LifeProcess, name: str) -> None:
        key = lives.register_client(name)
        credential_id = lives.active("service-seal", name)
        before = certificates(lives, credential_id)
        asked = lives.perform("renew_credential", {"credential_id": credential_id, "subject": SUBJECT})
        assert asked["new_key"] is False
        lives.sign(credential_id, name, key)  # the old certificate signs on
        renewed = lives.perform(
            "activate_renewal",
            {"credential_id": credential_id, "chain": lives.devca.issue(asked["csr"], "service-seal")},
        )
        after = certificates(lives, credential_id)
        assert renewed["credential_id"] == credential_id
        assert after[0].public_key() == before[0].public_key()
        assert after[0].serial_number != before[0].serial_number
        lives.sign(credential_id, name, key)
        [past] = values(lives, past_certificate.c.certificates, credential_id)
        assert x509.load_pem_x509_certificates(past.encode()) == before

    @pytest.mark.parametrize("profile", ["service-seal", "personal"])
    def test_a_renewal_with_a_new_key_destroys_the_old_one(
        self,
        lives: LifeProcess,
        name: str,
        profile: str,
    ) -> None:
        passkey = lives.enrol_person(name)
        key = lives.register_client(name)
        credential_id = lives.active(profile, name)

        def sign() -> Any:
            if profile == "personal":
                return lives.sign_as(credential_id, name, passkey)
            return lives.sign(credential_id, name, key)

        sign()
        before = certificates(lives, credential_id)
        parameters = {"credential_id": credential_id, "subject": SUBJECT, "new_key": True}
        given_up = lives.perform("renew_credential", parameters)
        asked = lives.perform("renew_credential", parameters)
        assert asked["new_key"] is True
        chain = lives.devca.issue(given_up["csr"], profile)
        with pytest.raises(ActMalformed):  # the request that was given up
            lives.perform("activate_renewal", {"credential_id": credential_id, "chain": chain})
        chain = lives.devca.issue(asked["csr"], profile)
        lives.perform("activate_renewal", {"credential_id": credential_id, "chain": chain})
        after = certificates(lives, credential_id)
        assert after[0].public_key() != before[0].public_key()
        sign()

    def test_another_keys_certificate_renews_nothing(self, lives: LifeProcess, name: str) -> None:
        one, other = lives.active("service-seal", name), lives.active("service-seal", name)
        requests = [
            lives.perform("renew_credential", {"credential_id": one_of, "subject": SUBJECT})["csr"]
            for one_of in (one, other)
        ]
        chain = lives.devca.issue(requests[1], "service-seal")
        with pytest.raises(ActMalformed):
            lives.perform("activate_renewal", {"credential_id": one, "chain": chain})
        lives.perform("activate_renewal", {"credential_id": other, "chain": chain})
        with pytest.raises(ActMalformed, match="No renewal"):
            lives.perform("activate_renewal", {"credential_id": other, "chain": chain})


class TestCreation:
    def test_a_persons_key_is_made_only_when_that_person_approved_it(
        self, lives: LifeProcess, name: str
    ) -> None:
        own, strangers = lives.enrol_person(name), lives.enrol_person(f"{name}-khac")
        asked = {
            "profile": "personal", "holder": name, "description": "MẪU", "subject": SUBJECT, "training": True,
        }  # fmt: skip
        with pytest.raises(Refused):
            lives.perform("create_credential", asked)
        with pytest.raises(ApprovalRefused, match="no part"):
            lives.perform("create_credential", asked, strangers)
        with pytest.raises(Refused):
            lives.perform("create_credential", asked, own, approvers=1)
        with pytest.raises(Refused):
            lives.perform("create_credential", {**asked, "profile": "service-seal", "holder_kind": "Person"})
        assert lives.perform("create_credential", asked, own)["csr"]

    def test_no_key_is_made_for_a_person_who_left_and_none_by_a_retired_passkey(
        self, lives: LifeProcess, name: str
    ) -> None:
        gone, lost = lives.enrol_person(name), lives.enrol_person(f"{name}-mat")
        lives.perform("retire_person", {"person_id": name})
        passkey = base64.urlsafe_b64encode(lost.credential_id).rstrip(b"=").decode()
        lives.perform("retire_passkey", {"person_id": f"{name}-mat", "passkey": passkey})
        for holder, proof in ((name, gone), (f"{name}-mat", lost)):
            with pytest.raises(ApprovalRefused):
                lives.create_credential("personal", holder, passkey=proof)

    def test_a_persons_approval_is_of_this_key_alone(self, lives: LifeProcess, name: str) -> None:
        own = lives.enrol_person(name)
        asked = {"profile": "personal", "holder": name, "description": "MẪU", "subject": SUBJECT}
        now = int(time.time())
        one, other = (draft("create_credential", {**asked, "training": True}, now=now) for _ in range(2))
        consent = Approval(**own.approve(one))
        client = KeyProcess(lives.admin)
        with pytest.raises(ApprovalRefused):
            client.perform(other, [*(approve(other, key) for key in lives.admin_keys), consent])
        approvals = [*(approve(one, key) for key in lives.admin_keys), consent]
        client.perform(one, approvals)
        with pytest.raises(GrantRefused):
            client.perform(one, approvals)
        client.close()


class TestMove:
    def test_a_person_moves_and_keeps_key_and_certificate(self, lives: LifeProcess, name: str) -> None:
        passkey = lives.enrol_person(name)
        credential_id = lives.active("personal", name)
        before = certificates(lives, credential_id)
        lives.perform_with("move_credential", {"credential_id": credential_id, "office": "so-y-te"}, passkey)
        assert certificates(lives, credential_id) == before
        assert values(lives, credential.c.office, credential_id) == ["so-y-te"]
        lives.sign_as(credential_id, name, passkey)

    def test_nobody_moves_somebody_else(self, lives: LifeProcess, name: str) -> None:
        lives.enrol_person(name)
        stranger = lives.enrol_person(f"{name}-khac")
        credential_id = lives.active("personal", name)
        parameters = {"credential_id": credential_id, "office": "noi-khac"}
        with pytest.raises(ApprovalRefused, match="no part"):
            lives.perform_with("move_credential", parameters, stranger)
        with pytest.raises(Refused):
            lives.perform("move_credential", parameters)

    def test_the_person_and_one_administrator_are_not_enough(self, lives: LifeProcess, name: str) -> None:
        passkey = lives.enrol_person(name)
        credential_id = lives.active("personal", name)
        parameters = {"credential_id": credential_id, "office": "so-y-te"}
        with pytest.raises(Refused):
            lives.perform_with("move_credential", parameters, passkey, admins=(0,))


class TestHandOver:
    def test_a_seal_passes_from_clerk_to_clerk(self, lives: LifeProcess, name: str) -> None:
        first, second = f"{name}-a", f"{name}-b"
        of_first, of_second = lives.enrol_person(first), lives.enrol_person(second)
        credential_id = lives.active("organisation-seal", name)
        parameters = {"credential_id": credential_id, "record": "12/BB-UBND"}
        lives.perform_with("hand_over_seal", {**parameters, "receiver": first}, of_first)
        handed = lives.perform_with("hand_over_seal", {**parameters, "receiver": second}, of_second, of_first)
        assert (handed["from"], handed["custodian"]) == (first, second)
        client = KeyProcess(lives.admin)
        size = int(client.checkpoint().text.splitlines()[1])
        kept = b"".join(entry for _, entry in client.export(size - 10 if size > 10 else 0, 10))
        client.close()
        assert kept.count(b'"hand_over_seal"') == 2, "each hand-over is in the journal"

    def test_a_hand_over_needs_two_people_who_govern_and_the_one_who_receives(
        self,
        lives: LifeProcess,
        name: str,
    ) -> None:
        receiver = lives.enrol_person(name)
        credential_id = lives.active("organisation-seal", name)
        parameters = {"credential_id": credential_id, "receiver": name, "record": "1/BB"}
        with pytest.raises(ApprovalRefused, match="approved twice"):
            lives.perform_with("hand_over_seal", parameters, receiver, admins=(0, 0))
        with pytest.raises(ApprovalRefused, match="approved twice"):
            lives.perform_with("hand_over_seal", parameters, receiver, receiver)
        with pytest.raises(Refused):
            lives.perform_with("hand_over_seal", parameters, receiver, admins=(0,))
        with pytest.raises(Refused):
            lives.perform_with("hand_over_seal", parameters)
        with pytest.raises(ApprovalRefused, match="no part"):
            lives.perform_with("hand_over_seal", parameters, lives.enrol_person(f"{name}-c"))
        lives.perform_with("hand_over_seal", parameters, receiver)
        with pytest.raises(ActMalformed, match="already"):
            lives.perform_with("hand_over_seal", parameters, receiver)

    def test_a_seal_is_not_taken_from_a_clerk_who_did_not_approve_unless_absence_is_recorded(
        self, lives: LifeProcess, name: str
    ) -> None:
        first, second = f"{name}-a", f"{name}-b"
        of_first, of_second = lives.enrol_person(first), lives.enrol_person(second)
        credential_id = lives.active("organisation-seal", name)
        parameters = {"credential_id": credential_id, "record": "12/BB-UBND"}
        with pytest.raises(ActMalformed, match="leave absence out"):
            lives.perform("hand_over_seal", {**parameters, "receiver": first, "absence": "ốm"}, of_first)
        lives.perform("hand_over_seal", {**parameters, "receiver": first}, of_first)
        taken = {**parameters, "receiver": second}
        with pytest.raises(Refused):
            lives.perform("hand_over_seal", taken, of_second)
        for nothing in ("", None, " " * 501):
            with pytest.raises(ActMalformed):
                lives.perform("hand_over_seal", {**taken, "absence": nothing}, of_second)
        excused = {**taken, "absence": "Nghỉ việc theo Quyết định 7/QĐ-UBND"}
        with pytest.raises(Refused):
            lives.perform("hand_over_seal", excused)
        with pytest.raises(Refused):
            lives.perform("hand_over_seal", excused, of_second, approvers=1)
        assert lives.perform("hand_over_seal", excused, of_second)["custodian"] == second

    def test_a_hand_over_without_a_record_is_refused(self, lives: LifeProcess, name: str) -> None:
        receiver = lives.enrol_person(name)
        credential_id = lives.active("organisation-seal", name)
        with pytest.raises(ActMalformed, match="record"):
            lives.perform_with("hand_over_seal", {"credential_id": credential_id, "receiver": name}, receiver)


class TestLeaver:
    def test_a_leaver_is_cut_off_here_at_once_and_elsewhere_within_the_cache(
        self,
        lives: LifeProcess,
        name: str,
    ) -> None:
        key = lives.register_client(name)
        credentials = [lives.active("service-seal", name) for _ in range(3)]
        other = lives.active("service-seal", f"{name}-khac")
        with second_process(lives) as target:
            for credential_id in credentials:
                lives.sign(credential_id, name, key)
                lives.sign(credential_id, name, key, target=target)
            done = lives.perform("suspend_holder", {"holder": name, "holder_kind": "Client"})
            assert done["suspended"] == len(credentials)
            for credential_id in credentials:
                with pytest.raises(CredentialNotUsable):
                    lives.sign(credential_id, name, key)
            time.sleep(FRESH_SECONDS)
            for credential_id in credentials:
                with pytest.raises(CredentialNotUsable):
                    lives.sign(credential_id, name, key, target=target)
        assert {lives.state(credential_id) for credential_id in credentials} == {"suspended"}
        assert lives.state(other) == "active"

    def test_a_person_is_not_the_client_of_the_same_name(self, lives: LifeProcess, name: str) -> None:
        lives.register_client(name)
        credential_id = lives.active("service-seal", name)
        lives.perform("suspend_holder", {"holder": name, "holder_kind": "Person"})
        assert lives.state(credential_id) == "active"
        with pytest.raises(Refused):
            lives.perform("suspend_holder", {"holder": name, "holder_kind": "Client"}, approvers=1)
        assert lives.state(credential_id) == "active"
