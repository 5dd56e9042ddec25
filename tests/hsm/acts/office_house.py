"""The eight steps in an office: people with posts, a clerk with the seal, and a clock of the test's own."""

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from antin.software_passkey import SoftwarePasskey
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jws
from joserfc.jwk import ECKey

from hsm import store
from hsm.acts.act import ActItem, SignAct
from hsm.acts.approval import Approval
from hsm.acts.keys import Administration
from hsm.acts.mandates import Mandates
from hsm.acts.office_operation import Earlier, OfficeOperation
from hsm.acts.offices import Offices
from hsm.acts.passkey import Passkeys
from hsm.acts.row_seals import admin_row
from hsm.acts.sign import MadeSignature
from hsm.acts.signed_attributes import minimal_attributes
from hsm.acts.to_be_signed import ItemToSign
from hsm.administer import draft
from hsm.journal.uses import Uses
from hsm.store import StoredAdmin
from policies.model import ActionName
from tests.hsm.acts.conftest import NOW
from tests.hsm.acts.people import PeopleHouse
from tests.hsm.acts.software_sealer import SoftwareSealer

UBND, SO = "H47", "H47.5"
HEAD, DEPUTY, UNIT, CLERK = "chu-tich", "pho-chu-tich", "chanh-van-phong", "van-thu"
OF_HEAD = "TM. ỦY BAN NHÂN DÂN / CHỦ TỊCH"
OF_DEPUTY = "TM. ỦY BAN NHÂN DÂN / KT. CHỦ TỊCH / PHÓ CHỦ TỊCH"


class OfficeHouse(PeopleHouse):
    """A people's committee with head, deputy, a unit's head and a clerk; a department below it."""

    def __init__(self, database_url: str) -> None:
        super().__init__(database_url, SoftwareSealer())
        self.now: datetime = NOW
        self.admins = [ECKey.generate_key("P-256") for _ in range(2)]
        with self.database.writing() as connection:
            for number, key in enumerate(self.admins):
                public = store.jwk_text(key.as_dict(private=False))
                stored = StoredAdmin(f"admin-{number}", key.thumbprint(), "MẪU", public)
                store.add_admin(connection, replace(stored, seal=self.seals.seal(admin_row(stored))))
        self.passkeys: dict[str, SoftwarePasskey] = {}
        self.credentials: dict[str, str] = {}
        self.administration = Administration(
            database=self.database, directory=self.directory, policy=self.policy, ledger=self.ledger,
            operations={**Offices(self.database).operations(), **Mandates(self.database).operations()},
            consent=Passkeys(self.database, self.ledger, self.webauthn, self.seals).verify_consent,
        )  # fmt: skip
        self.admin("register_office", office=UBND, name="Ủy ban nhân dân tỉnh", training=True)
        self.admin("register_office", office=SO, name="Sở Nội vụ", above=UBND, training=True)
        for person_id in (HEAD, DEPUTY, UNIT, CLERK):
            self.employ(person_id)
        self.posts = {
            HEAD: self.post(HEAD, "head", OF_HEAD),
            DEPUTY: self.post(DEPUTY, "deputy", "PHÓ CHỦ TỊCH"),
            UNIT: self.post(UNIT, "unit_head", "CHÁNH VĂN PHÒNG"),
        }
        self.seal = self.add_seal(UBND, CLERK)

    def employ(self, person_id: str) -> None:
        """Registered, with a passkey and a personal credential."""
        self.perform(ActionName.REGISTER_PERSON, {"person_id": person_id})
        self.passkeys[person_id] = self.enrol_passkey(person_id)
        self.credentials[person_id] = self.add_credential("personal", person_id, holder_kind="Person")

    def add_seal(self, office: str, clerk: str) -> str:
        return self.add_credential("organisation-seal", "one-stop", office=office, custodian=clerk)

    def admin(self, action: str, *people: str, admins: int = 2, **parameters: Any) -> dict[str, Any]:
        """An act that administrators approve, and these people beside them."""
        act = draft(action, parameters, now=int(self.now.timestamp()))
        header = {"alg": "ES256", "typ": "antin-act+jws"}
        approvals = [
            Approval("admin_jws", jws.serialize_compact({**header, "kid": key.thumbprint()}, act, key))
            for key in self.admins[:admins]
        ]
        approvals += [Approval(**self.passkeys[person].approve(act)) for person in people]
        return self.administration.perform(act, approvals, now=self.now)[0]

    def post(self, person_id: str, rank: str, capacity: str, office: str = UBND, **more: Any) -> str:
        given = self.admin(
            "give_post", office=office, person_id=person_id, rank=rank, capacity=capacity, **more
        )
        return str(given["post"])

    def mandate(self, form: str, to: str, capacity: str, *, by: str = HEAD, **more: Any) -> str:
        """Given by the head, unless ``from_mandate`` says otherwise; ``by`` approves."""
        if "from_mandate" not in more:
            more.setdefault("from_post", self.posts[by])
        to_post = self.posts.get(to, to)
        given = self.admin(
            "give_mandate", by, form=form, office=UBND, to_post=to_post, capacity=capacity, **more
        )
        return str(given["mandate"])

    def later(self, **how: float) -> None:
        self.now += timedelta(**how)

    def typed(
        self,
        name: Any,
        credential_id: str,
        *overs: Earlier | None,
        items: tuple[ActItem, ...] = (),
        **more: Any,
    ) -> SignAct:
        """An act with an operation, of one new document or one for each of ``overs``."""
        fields = {one: more.pop(one) for one in ("capacity", "mandate", "copy_form") if one in more}
        office = more.pop("office", UBND)
        items = more.pop("items", ()) or tuple(_item(over) for over in overs or (None,))
        moment = int(self.now.timestamp())
        act = self.act(*items, credential_id=credential_id, issued_at=moment, expires_at=moment + 300)
        return replace(act, operation=OfficeOperation(name, office, **fields), **more)

    def do(self, name: Any, who: str, *overs: Earlier | None, **more: Any) -> Earlier:
        """One operation by one person, by their own credential, or as the clerk by the seal."""
        by_seal = name in ("issue", "annex", "copy", "incoming")
        credential_id = more.pop("credential", self.seal if by_seal else self.credentials[who])
        act = self.typed(name, credential_id, *overs, **more)
        made = self.approved(act, who)[0]
        return Earlier(made.leaf_index, act.items[0].digest)

    def approved(self, act: SignAct, who: str) -> list[MadeSignature]:
        approval = Approval(**self.passkeys[who].approve(act.encode()))
        return self.signing.sign_approved(act.encode(), approval, self.attributes(act), now=self.now)

    def attributes(self, act: SignAct) -> list[ItemToSign]:
        """What the key signs for each item: all certificates of this house are one."""
        certificate = hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).digest()
        return [
            ItemToSign(signed_attributes=minimal_attributes(item.digest, certificate)) for item in act.items
        ]

    def entry(self, earlier: Earlier) -> dict[str, Any]:
        """The leaf of a signature's intent."""
        found = Uses(self.database).at([earlier.leaf_index])[earlier.leaf_index]
        entry: dict[str, Any] = orjson.loads(found.entry)
        return entry


def _item(over: Earlier | None) -> ActItem:
    return ActItem(secrets.token_bytes(32), "MẪU", "prepared", over=over)
