"""The eight steps with people in them: enrolled as the key process enrols them, with real passkeys."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from antin.software_passkey import SoftwarePasskey

from hsm import people
from hsm.acts.act import ActItem, AdminAct, SignAct, new_act_id
from hsm.acts.approval import Approval, Audience
from hsm.acts.enrol_people import EnrolPeople
from hsm.acts.factors import Sealer
from hsm.acts.passkey import Passkeys, WebAuthn
from hsm.acts.pin_otp import PinOtp
from hsm.acts.row_seals import RowSeals
from hsm.acts.sign import MadeSignature, Signing
from hsm.people import StoredPasskey
from policies.model import ActionName
from tests.hsm.acts.conftest import ISSUER, NOW, RESOURCE, House, to_sign

Change = Callable[[SoftwarePasskey], object]
RP_ID = "ky.test"
ORIGIN = "https://ban-lam-viec.ky.test"
# As a phone or a laptop names itself; a real one is told apart from the software passkey by this.
DEVICE = bytes.fromhex("08987058cadc4b81b6e130de50dcbe96")


class PeopleHouse(House):
    """Two people, "an" and "binh"; "an" holds a personal credential and is the name of a client too."""

    def __init__(self, database_url: str, sealer: Sealer, *, software: bool = True) -> None:
        super().__init__(database_url, sealer)
        self.webauthn = WebAuthn(RP_ID, (ORIGIN,), software=software, software_administers=software)
        self.enrol = EnrolPeople(self.database, sealer, self.webauthn)
        self.use(self.webauthn)
        for person_id in ("an", "binh"):
            self.perform(ActionName.REGISTER_PERSON, {"person_id": person_id})
        self.credential_id = self.add_credential("personal", "an", holder_kind="Person")

    def use(self, webauthn: WebAuthn) -> None:
        """Start again with other settings for passkeys."""
        self.signing = Signing(
            database=self.database, directory=self.directory, policy=self.policy, ledger=self.ledger,
            use_key=self.key, audience=Audience(ISSUER, RESOURCE),
            people={
                "passkey": Passkeys(self.database, self.ledger, webauthn, RowSeals(self.sealer)).verify,
                "pin_otp": PinOtp(self.database, self.ledger, self.sealer).verify,
            },
        )  # fmt: skip

    def perform(self, action: ActionName, parameters: dict[str, Any]) -> dict[str, Any]:
        """Step 6 of an administrative act; who approved it is not what is tried here."""
        result, change = self.enrol.operations()[action].prepare(parameters, NOW)
        self.ledger.enter([], change=change)
        return result

    def invitation(self, person_id: str, **changes: Any) -> bytes:
        moment = int(NOW.timestamp())
        act = AdminAct(new_act_id(), "invite_passkey", {"person_id": person_id}, moment, moment + 600)
        return replace(act, **changes).encode()

    def enrol_passkey(self, person_id: str = "an", **claims: Any) -> SoftwarePasskey:
        """A new passkey, enrolled for the person; ``claims`` as SoftwarePasskey has them."""
        passkey = SoftwarePasskey.new(RP_ID, ORIGIN, algorithm=claims.pop("algorithm", "ES256"))
        for name, value in {"aaguid": DEVICE, **claims}.items():
            setattr(passkey, name, value)
        self.enrol_made(person_id, passkey)
        return passkey

    def enrol_made(self, person_id: str, passkey: SoftwarePasskey) -> dict[str, Any]:
        invitation = self.invitation(person_id)
        registration = passkey.register(invitation)
        return self.perform(
            ActionName.ENROL_PASSKEY,
            {"person_id": person_id, "invitation": invitation.decode(), "registration": registration},
        )

    def stored(self, passkey: SoftwarePasskey) -> StoredPasskey:
        self.ledger.enter([])  # what was handed in before is written now
        with self.database.reading() as connection:
            found = people.find_passkey(connection, passkey.credential_id)
        assert found is not None
        return found

    def sign(
        self, act: SignAct, approval: Approval | dict[str, str], *, after: int = 0
    ) -> list[MadeSignature]:
        """``after``: seconds from NOW."""
        if isinstance(approval, dict):
            approval = Approval(**approval)
        now = NOW + timedelta(seconds=after)
        return self.signing.sign_approved(act.encode(), approval, to_sign(act), now=now)

    def sign_by(self, passkey: SoftwarePasskey, *items: ActItem, **changes: Any) -> list[MadeSignature]:
        """A new act, approved by this passkey."""
        act = self.act(*items, **changes)
        return self.sign(act, passkey.approve(act.encode()))


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claim(**claims: Any) -> Change:
    def change(passkey: SoftwarePasskey) -> None:
        for name, value in claims.items():
            setattr(passkey, name, value)

    return change
