"""All acts on credentials in one process: a real token, store, journal and policy, and an authority."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey

from hsm import store
from hsm.acts.act import ActItem, SignAct, new_act_id
from hsm.acts.approval import Approval, Audience
from hsm.acts.credential_life import CredentialLife
from hsm.acts.custody import Custody
from hsm.acts.directory import Directory
from hsm.acts.keys import Administration
from hsm.acts.ledger import Ledger
from hsm.acts.policy import BundlePolicy
from hsm.acts.renew import Renewals
from hsm.acts.row_seals import ROWS_KEY, RowSeals, admin_row, client_key_row
from hsm.acts.sign import Signing
from hsm.acts.use_key import TokenKeyUse
from hsm.administer import approve, draft
from hsm.algorithms import SignatureAlgorithm
from hsm.database import Database
from hsm.journal.log import Log
from hsm.keks import current_kek
from hsm.schema.migrate import migrate
from hsm.store import StoredAdmin, StoredClientKey, StoredCredential
from hsm.token.token import Token
from policies.bundle import Bundle
from policies.model import Decision, Question
from tests.hsm.acts.conftest import ISSUER, NOW, RESOURCE, bare_item, to_sign
from tests.hsm.enrol.conftest import Pki
from tests.servers.key_process import client_jws

CLIENT = "one-stop"


class Unbridled(BundlePolicy):
    """A policy that somebody emptied: what it allows must be impossible all the same."""

    def decide(self, question: Question) -> Decision:
        return Decision(allowed=True, rules=("anything",))


class LifeHouse:
    """Wired as ``hsm.app`` wires it. ``now`` is what time it is."""

    def __init__(self, directory: Path, token: Token, *, policy: type[BundlePolicy] = BundlePolicy) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.now: datetime = NOW
        self.pki = Pki()
        (directory / "anchors.pem").write_bytes(self.pki.root.public_bytes(Encoding.PEM))
        url = f"sqlite:///{directory}/hsm.sqlite3"
        migrate(url)
        self.database = Database(url)
        self.token = token
        if "kek-1" not in token.labels():
            token.generate_kek("kek-1")
        self.log = Log(self.database.reader)
        self.log.reload()
        self.ledger = Ledger(self.database, self.log, lambda size, root: f"checkpoint {size} {root.hex()}\n")
        if ROWS_KEY not in token.labels():
            token.generate_sealing_key(ROWS_KEY)
        self.seals = RowSeals(token)
        self.directory = Directory(self.database, self.seals)
        self.policy = policy(Bundle.load())
        self.admins = [self._admin(directory, number) for number in (1, 2)]
        self.client = ECKey.generate_key("P-256")
        with self.database.writing() as connection:
            public = store.jwk_text(self.client.as_dict(private=False))
            stored = StoredClientKey(self.client.thumbprint(), CLIENT, public)
            sealed = replace(stored, seal=self.seals.seal(client_key_row(stored)))
            store.add_client_key(connection, sealed, 0)
        life = CredentialLife(
            token=token, database=self.database, directory=self.directory, policy=self.policy,
            trust_anchors=directory / "anchors.pem", training=True, current_kek=self.current_kek,
        )  # fmt: skip
        self.administration = Administration(
            database=self.database, directory=self.directory, policy=self.policy, ledger=self.ledger,
            operations={
                **life.operations(),
                **Renewals(life, self.database, token).operations(),
                **Custody(life, self.database).operations(),
            },
        )  # fmt: skip
        self.signing = Signing(
            database=self.database, directory=self.directory, policy=self.policy, ledger=self.ledger,
            use_key=TokenKeyUse(token), audience=Audience(ISSUER, RESOURCE),
        )  # fmt: skip

    def perform(self, action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        act = draft(action, parameters, now=int(self.now.timestamp()))
        approvals = [Approval("admin_jws", approve(act, key).evidence) for key in self.admins]
        return self.administration.perform(act, approvals, now=self.now)[0]

    def create(self, profile: str = "service-seal", **more: Any) -> dict[str, Any]:
        parameters = {
            "profile": profile, "holder": CLIENT, "description": "x", "subject": {"CN": "x"}, **more,
        }  # fmt: skip
        return self.perform("create_credential", parameters)

    def certify(self, request: str) -> list[str]:
        """A chain for this request, valid for a year from now."""
        self.pki.key = x509.load_pem_x509_csr(request.encode())
        bends = {"start": self.now - timedelta(hours=1), "end": self.now + timedelta(days=365)}
        return [one.public_bytes(Encoding.PEM).decode() for one in self.pki.chain(**bends)]

    def sign(self, credential_id: str) -> bytes:
        moment = int(self.now.timestamp())
        items: tuple[ActItem, ...] = (bare_item(new_act_id()),)
        act = SignAct(
            new_act_id(), CLIENT, credential_id, SignatureAlgorithm.ES256, items, moment, moment + 300
        )
        approval = client_jws(act.encode(), self.client)
        evidence = Approval(approval.kind, approval.evidence)
        return self.signing.sign_approved(act.encode(), evidence, to_sign(act), now=self.now)[0].value

    def stored(self, credential_id: str) -> StoredCredential:
        with self.database.reading() as connection:
            found = store.find_credential(connection, credential_id)
        assert found is not None
        return found

    def current_kek(self) -> str:
        with self.database.reading() as connection:
            return current_kek(connection)

    def close(self) -> None:
        self.ledger.close()
        self.database.close()

    def _admin(self, directory: Path, number: int) -> Path:
        key = ECKey.generate_key("P-256")
        path = directory / f"admin-{number}.jwk"
        path.write_text(json.dumps(key.as_dict(private=True)))
        with self.database.writing() as connection:
            public = store.jwk_text(key.as_dict(private=False))
            stored = StoredAdmin(f"admin-{number}", key.thumbprint(), "MẪU", public)
            store.add_admin(connection, replace(stored, seal=self.seals.seal(admin_row(stored))))
        return path
