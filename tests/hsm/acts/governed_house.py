"""A house whose policy is changed as in production: sealed rows, two administrators, their passkeys."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import rfc8785
from antin.software_passkey import SoftwarePasskey
from joserfc.jwk import ECKey

from hsm import policy_store, store
from hsm.acts.activate_policy import ActivatePolicy
from hsm.acts.active_policy import ActivePolicy
from hsm.acts.approval import Approval
from hsm.acts.keys import Administration
from hsm.acts.link_administrator import LinkAdministrator
from hsm.acts.passkey import Passkeys
from hsm.acts.retire_administrator import RetireAdministrator
from hsm.acts.row_seals import RowSeals, admin_row
from hsm.acts.second_administrator import AdministratorPasskeys
from hsm.administer import approve, draft
from hsm.found import found_policy
from hsm.policy_store import StoredVersion
from hsm.store import StoredAdmin
from policies.bundle import Bundle, bundle_digest, package_directory, parse_bundle, read_texts
from policies.model import ActionName
from tests.hsm.acts.conftest import NOW
from tests.hsm.acts.people import ORIGIN, RP_ID, PeopleHouse
from tests.hsm.acts.software_sealer import SoftwareSealer

FILES = read_texts(package_directory())
# A stricter draft: what it forbids, the tests look for.
STRICTER = FILES | {
    "rules/tried.cedar": '@id("never-more-than-five") @basis("thử") @reason("Mỗi lần năm chữ ký.")'
    ' @reason_en("Five signatures at a time.") forbid (principal, action == Action::"sign", resource is'
    " Credential) when { context.count > 5 };"
}
ADMINS = ("quan-tri-1", "quan-tri-2", "quan-tri-3")


class GovernedHouse(PeopleHouse):
    """Three administrators; the passkeys of person "nguoi-N" are those of "quan-tri-N"."""

    def __init__(self, directory: Path, database_url: str = "") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        super().__init__(database_url or f"sqlite:///{directory}/governed.sqlite3", SoftwareSealer())
        self.folder = directory
        self.events: list[tuple[str, dict[str, Any]]] = []
        found_policy(self.database, self.seals, None, None, now=NOW)
        self.admin_keys = {admin_id: self._admin(admin_id) for admin_id in ADMINS}
        self.restart()
        self.admin_passkeys = {admin_id: self._passkey(admin_id) for admin_id in ADMINS}

    def restart(self) -> None:
        """As a new process finds it. Raises what would keep it from starting."""
        self.active = self.another_process()
        self.active.note_in_journal(self.ledger, now=NOW)
        self.policy = self.active  # type: ignore[assignment]
        self.directory = type(self.directory)(self.database, self.seals)
        passkeys = Passkeys(self.database, self.ledger, self.webauthn, self.seals)
        self.administration = Administration(
            database=self.database, directory=self.directory, policy=self.active, ledger=self.ledger,
            operations={
                **self.enrol.operations(),
                **LinkAdministrator(self.database, self.seals).operations(),
                **RetireAdministrator(self.database, self.seals).operations(),
                **ActivatePolicy(self.database, self.seals, self.active).operations(),
            },
            consent=passkeys.verify_consent,
            administrators=AdministratorPasskeys(
                self.database, self.seals, partial(passkeys.verify_consent, training=True)
            ),
        )  # fmt: skip
        self.use(self.webauthn)

    def another_process(self) -> ActivePolicy:
        """Another key process on the same store."""
        active = ActivePolicy(
            self.database, RowSeals(self.sealer), lambda event, **facts: self.events.append((event, facts))
        )
        active.start()
        return active

    def act_on(self, digest: str, **changes: Any) -> bytes:
        """The act that makes this bundle the next version."""
        present = self.active.current
        parameters = {
            "version": present.version + 1,
            "bundle": digest,
            "previous": present.bundle.digest,
            "note": "thử",
        }
        return draft("activate_policy", {**parameters, **changes}, now=int(NOW.timestamp()))

    def lay_down(self, files: dict[str, str]) -> str:
        digest = bundle_digest(files)
        with self.database.writing() as connection:
            policy_store.add_bundle(connection, digest, rfc8785.dumps(files).decode(), 0)
        return digest

    def by_key(self, act: bytes, admin_id: str = "quan-tri-1") -> Approval:
        return Approval("admin_jws", approve(act, self.admin_keys[admin_id]).evidence)

    def by_passkey(self, act: bytes, admin_id: str = "quan-tri-2") -> Approval:
        return Approval(**self.admin_passkeys[admin_id].approve(act))

    def do(self, act: bytes, *approvals: Approval, after: int = 0) -> dict[str, Any]:
        """``after``: seconds from NOW."""
        return self.administration.perform(act, approvals, now=NOW + timedelta(seconds=after))[0]

    def activate(self, files: dict[str, str]) -> dict[str, Any]:
        act = self.act_on(self.lay_down(files))
        return self.do(act, self.by_key(act), self.by_passkey(act))

    def _admin(self, admin_id: str) -> Path:
        key = ECKey.generate_key("P-256")
        path = self.folder / f"{admin_id}.jwk"
        path.write_text(json.dumps(key.as_dict(private=True)))
        stored = StoredAdmin(admin_id, key.thumbprint(), "MẪU", store.jwk_text(key.as_dict(private=False)))
        with self.database.writing() as connection:
            store.add_admin(connection, replace(stored, seal=self.seals.seal(admin_row(stored))))
        return path

    def _passkey(self, admin_id: str) -> SoftwarePasskey:
        person_id = admin_id.replace("quan-tri", "nguoi")
        self.perform(ActionName.REGISTER_PERSON, {"person_id": person_id})
        passkey = SoftwarePasskey.new(RP_ID, ORIGIN, counter=0)
        self.enrol_made(person_id, passkey)
        act = draft(
            "link_administrator", {"admin_id": admin_id, "person_id": person_id}, now=int(NOW.timestamp())
        )
        others = [self.by_key(act, one) for one in ADMINS[:2]]
        self.do(act, *others, Approval(**passkey.approve(act)))
        return passkey

    def bundle_of(self, version: int) -> Bundle:
        if version == 0:  # before this house had its own policy
            return parse_bundle(FILES)
        with self.database.reading() as connection:
            digests = {one.version: one.bundle for one in policy_store.find_versions(connection)}
            return parse_bundle(policy_store.find_files(connection, digests[version]) or {})

    def versions(self) -> list[StoredVersion]:
        """The rows, newest first, whoever wrote them."""
        with self.database.reading() as connection:
            return list(policy_store.find_versions(connection))
