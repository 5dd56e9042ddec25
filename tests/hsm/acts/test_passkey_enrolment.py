"""Which passkeys are whose, who may say so, and what each is worth."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from antin.software_passkey import AAGUID, SoftwarePasskey

from hsm.acts.passkey import SOFTWARE_AAGUID, WebAuthn
from hsm.errors import (
    ActMalformed,
    ApprovalRefused,
    PolicyRefused,
)
from policies.model import ActionName
from tests.hsm.acts.conftest import NOW
from tests.hsm.acts.people import DEVICE, ORIGIN, RP_ID, Change, PeopleHouse, claim, encoded
from tests.hsm.acts.software_sealer import SoftwareSealer


class TestEnrolment:
    def test_a_retired_passkey_approves_nothing(self, people_house: PeopleHouse) -> None:
        passkey, other = people_house.enrol_passkey(), people_house.enrol_passkey()
        name = encoded(passkey.credential_id)
        with pytest.raises(ActMalformed):
            people_house.perform(ActionName.RETIRE_PASSKEY, {"person_id": "binh", "passkey": name})
        people_house.perform(ActionName.RETIRE_PASSKEY, {"person_id": "an", "passkey": name})
        with pytest.raises(ApprovalRefused):
            people_house.sign_by(passkey)
        assert people_house.sign_by(other)

    def test_a_retired_person_approves_nothing_and_does_not_come_back(
        self, people_house: PeopleHouse
    ) -> None:
        passkey = people_house.enrol_passkey()
        people_house.perform(ActionName.RETIRE_PERSON, {"person_id": "an"})
        with pytest.raises(ApprovalRefused):
            people_house.sign_by(passkey)
        with pytest.raises(ActMalformed):
            people_house.perform(ActionName.REGISTER_PERSON, {"person_id": "an"})
        with pytest.raises(ActMalformed):
            people_house.enrol_passkey()

    def test_a_passkey_that_is_retired_while_it_approves_signs_nothing(
        self, people_house: PeopleHouse
    ) -> None:
        """Checked when it was active, redeemed when it was not."""
        passkey = people_house.enrol_passkey()
        enter = people_house.ledger.enter

        def retire_first(*arguments: Any, **named: Any) -> Any:
            people_house.ledger.enter = enter  # type: ignore[method-assign]
            parameters = {"person_id": "an", "passkey": encoded(passkey.credential_id)}
            people_house.perform(ActionName.RETIRE_PASSKEY, parameters)
            return enter(*arguments, **named)

        people_house.ledger.enter = retire_first  # type: ignore[method-assign]
        with pytest.raises(ApprovalRefused):
            people_house.sign_by(passkey)
        assert people_house.key.uses == 0

    def test_a_passkey_is_one_persons_for_ever(self, people_house: PeopleHouse) -> None:
        passkey = people_house.enrol_passkey("an")
        for person_id in ("an", "binh"):
            with pytest.raises(ActMalformed, match="already enrolled"):
                people_house.enrol_made(person_id, passkey)

    @pytest.mark.parametrize(
        "changes",
        [
            {"parameters": {"person_id": "binh"}},
            {"parameters": {"person_id": "an", "more": 1}},
            {"action": "enrol_passkey"},
            {"expires_at": int(NOW.timestamp())},
            {"issued_at": int(NOW.timestamp()) + 3600, "expires_at": int(NOW.timestamp()) + 7200},
        ],
        ids=["another's", "more", "another act", "expired", "from the future"],
    )
    def test_an_invitation_for_another_or_another_time_enrols_nothing(
        self, people_house: PeopleHouse, changes: dict[str, Any]
    ) -> None:
        passkey = SoftwarePasskey.new(RP_ID, ORIGIN)
        invitation = people_house.invitation("an", **changes)
        parameters = {
            "person_id": "an", "invitation": invitation.decode(),
            "registration": passkey.register(invitation),
        }  # fmt: skip
        with pytest.raises(ActMalformed):
            people_house.perform(ActionName.ENROL_PASSKEY, parameters)

    @pytest.mark.parametrize(
        "change",
        [
            claim(origin="https://evil.test"), claim(rp_id="evil.test"), claim(user_verified=False),
            claim(user_present=False),
        ],
        ids=["origin", "RP id", "UV off", "UP off"],
    )  # fmt: skip
    def test_a_registration_that_is_wrong_in_one_thing_enrols_nothing(
        self, people_house: PeopleHouse, change: Change
    ) -> None:
        passkey = SoftwarePasskey.new(RP_ID, ORIGIN)
        change(passkey)
        with pytest.raises(ActMalformed):
            people_house.enrol_made("an", passkey)

    def test_a_registration_for_another_invitation_enrols_nothing(self, people_house: PeopleHouse) -> None:
        passkey = SoftwarePasskey.new(RP_ID, ORIGIN)
        registration = passkey.register(people_house.invitation("binh"))
        for wrong in (registration, {}, [], None, "x", {"response": {}}, {**registration, "id": "AA"}):
            parameters = {
                "person_id": "an", "invitation": people_house.invitation("an").decode(),
                "registration": wrong,
            }  # fmt: skip
            with pytest.raises(ActMalformed):
                people_house.perform(ActionName.ENROL_PASSKEY, parameters)

    def test_a_key_process_without_an_origin_knows_no_passkeys(self, people_house: PeopleHouse) -> None:
        passkey = people_house.enrol_passkey()
        people_house.use(WebAuthn(RP_ID, ()))
        with pytest.raises(ApprovalRefused):
            people_house.sign_by(passkey)
        people_house.use(WebAuthn("other.test", (ORIGIN,)))
        with pytest.raises(ApprovalRefused):
            people_house.sign_by(passkey)


class TestSoftwarePasskey:
    def test_it_is_known_by_its_name(self) -> None:
        assert SOFTWARE_AAGUID.replace("-", "") == AAGUID.hex() != DEVICE.hex()

    def test_it_signs_with_training_credentials_only(self, people_house: PeopleHouse) -> None:
        passkey = people_house.enrol_passkey(aaguid=AAGUID)
        assert people_house.sign_by(passkey)
        real = people_house.add_credential("personal", "an", holder_kind="Person", training=False)
        with pytest.raises(ApprovalRefused):
            people_house.sign_by(passkey, credential_id=real)
        assert people_house.sign_by(people_house.enrol_passkey(), credential_id=real)

    def test_it_signs_and_is_enrolled_nowhere_but_where_training_is_accepted(
        self, people_house: PeopleHouse, tmp_path: Path
    ) -> None:
        passkey = people_house.enrol_passkey(aaguid=AAGUID)
        people_house.use(replace(people_house.webauthn, software=False))
        with pytest.raises(ApprovalRefused):
            people_house.sign_by(passkey)
        strict = PeopleHouse(f"sqlite:///{tmp_path}/strict.sqlite3", SoftwareSealer(), software=False)
        with pytest.raises(ActMalformed, match="training only"):
            strict.enrol_passkey(aaguid=AAGUID)
        assert strict.sign_by(strict.enrol_passkey())
        strict.close()


class TestLevel:
    def test_a_synced_passkey_never_reaches_the_highest_level(self, people_house: PeopleHouse) -> None:
        high = people_house.add_credential("personal-high", "an", holder_kind="Person")
        bound, synced = people_house.enrol_passkey(), people_house.enrol_passkey(synced=True)
        assert people_house.stored(bound).acr == "aal3"
        assert people_house.stored(synced).acr == "aal2"
        assert people_house.sign_by(bound, credential_id=high)
        with pytest.raises(PolicyRefused) as refused:
            people_house.sign_by(synced, credential_id=high)
        assert refused.value.rules == ("never-weak-proof-of-person",)
        assert people_house.sign_by(synced)

    def test_the_highest_level_is_told_to_whoever_enrols(self, people_house: PeopleHouse) -> None:
        passkey = SoftwarePasskey.new(RP_ID, ORIGIN)
        told = people_house.enrol_made("an", passkey)
        assert told["acr"] == "aal3"
        assert told["software"] is True
