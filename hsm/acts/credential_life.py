"""The life of a credential: created with its key, activated with its certificate, suspended, destroyed.

Illegal moves are impossible twice over: the policy forbids them, and the change of state in the
store names the states it may come from (``hsm.acts.moves``). What comes later in a life is in
``hsm.acts.renew`` and ``hsm.acts.custody``.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from sqlalchemy import Connection

from hsm import keks, life, store
from hsm.acts.active_policy import ActivePolicy
from hsm.acts.directory import Directory, KnownCredential, token_jwk
from hsm.acts.keys import Operation, Result
from hsm.acts.ledger import Change
from hsm.acts.moves import MOVES, check_moved, state_after
from hsm.acts.policy import BundlePolicy
from hsm.acts.verify_signature import verify_signature
from hsm.algorithms import KeyKind, SignatureAlgorithm
from hsm.database import Database
from hsm.enrol.chain import check_chain
from hsm.enrol.csr import build_csr
from hsm.enrol.errors import EnrolmentError
from hsm.errors import ActMalformed, KeyNotFound
from hsm.store import StoredCredential
from hsm.token.token import Token, TokenKeyRef, WrappedKeyRef
from policies.model import ActionName, CredentialFacts, PrincipalKind, holder_kind_of
from policies.profiles import KeyProfile


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key: a token object of this label, or a blob wrapped under the KEK of that label."""

    spki: bytes
    key_label: str | None = None
    wrapped_key: bytes | None = None
    kek_label: str | None = None

    @property
    def ref(self) -> TokenKeyRef | WrappedKeyRef:
        if self.wrapped_key and self.kek_label:
            return WrappedKeyRef(self.kek_label, self.wrapped_key)
        return TokenKeyRef(self.key_label or "")


class CredentialLife:
    """The operations on credentials. ``training``: whether training certificates may be activated."""

    def __init__(
        self,
        *,
        token: Token,
        database: Database,
        directory: Directory,
        policy: ActivePolicy | BundlePolicy,
        trust_anchors: Path | None,
        training: bool,
        current_kek: Callable[[], str],
    ) -> None:
        self._token = token
        self._database = database
        self._current_kek = current_kek
        self._directory = directory
        self._policy = policy
        self._anchors = x509.load_pem_x509_certificates(trust_anchors.read_bytes()) if trust_anchors else []
        self._training = training

    def operations(self) -> dict[ActionName, Operation]:
        return {
            ActionName.CREATE_CREDENTIAL: Operation(self._new_facts, self._create, people=self._new_holder),
            ActionName.ACTIVATE_CREDENTIAL: Operation(self.facts, self._activate),
            ActionName.SUSPEND_CREDENTIAL: Operation(self.facts, self._move(ActionName.SUSPEND_CREDENTIAL)),
            ActionName.RESUME_CREDENTIAL: Operation(self.facts, self._move(ActionName.RESUME_CREDENTIAL)),
            ActionName.DESTROY_CREDENTIAL: Operation(self.facts, self._destroy),
        }

    def _new_facts(self, parameters: dict[str, Any]) -> CredentialFacts:
        """{profile, holder, description, subject, training}, and perhaps holder_kind, office, custodian."""
        profile = self.profile(text(parameters, "profile", 64))
        return CredentialFacts(
            id="",
            purpose=profile.purpose,
            algorithm=profile.algorithm,
            state="created",
            holder=text(parameters, "holder", 200),
            profile=profile.name,
            proofs=frozenset(profile.proofs),
            training=_training(parameters),
            holder_kind=_holder_kind(parameters, profile),
        )

    def _new_holder(self, parameters: dict[str, Any]) -> dict[str, str]:
        """A person whose key is to be made approves that it is; a system has no part in it."""
        profile = self.profile(text(parameters, "profile", 64))
        of_person = _holder_kind(parameters, profile) is PrincipalKind.PERSON
        return {"holder": text(parameters, "holder", 200)} if of_person else {}

    def facts(self, parameters: dict[str, Any]) -> CredentialFacts:
        """What the policy is asked about an act on the credential that ``credential_id`` names."""
        return self._policy.facts(self.known(parameters))

    def _create(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        profile = self.profile(text(parameters, "profile", 64))
        credential_id = str(uuid.uuid4())
        made = self.make_key(profile, credential_id)
        stored = StoredCredential(
            credential_id=credential_id,
            profile=profile.name,
            purpose=profile.purpose,
            state="created",
            algorithm=profile.algorithm,
            holder=text(parameters, "holder", 200),
            description=text(parameters, "description", 500),
            training=_training(parameters),
            key_label=made.key_label,
            wrapped_key=made.wrapped_key,
            kek_label=made.kek_label,
            spki=made.spki,
            certificates=None,
            not_before=None,
            not_after=None,
            created_at=int(now.timestamp()),
            holder_kind=str(_holder_kind(parameters, profile)),
            office=text(parameters, "office", 200) if "office" in parameters else "",
            custodian=text(parameters, "custodian", 200) if "custodian" in parameters else "",
            key_made_at=int(now.timestamp()),
        )
        result: Result = {"credential_id": credential_id, "profile": profile.name}
        if profile.is_token:
            result["kid"] = token_jwk(Directory.known(stored)).thumbprint()
        else:
            result["csr"] = self.request(made, SignatureAlgorithm(profile.algorithm), parameters)

        def change(connection: Connection) -> None:
            check_kek_lives(connection, made.kek_label)
            store.add_credential(connection, _newest(connection, stored) if profile.is_token else stored)

        return result, change

    def make_key(self, profile: KeyProfile, label: str) -> MadeKey:
        """A new key as the profile wants it kept; ``label`` is for a token object. Raises TokenError."""
        kind = KeyKind(profile.key)
        if profile.storage == "token":
            return MadeKey(self._token.generate_token_key(label, kind), key_label=label)
        kek = self._current_kek()
        made = self._token.generate_wrapped_key(kek, kind)
        return MadeKey(made.spki, wrapped_key=made.blob, kek_label=kek)

    def request(self, made: MadeKey, algorithm: SignatureAlgorithm, parameters: dict[str, Any]) -> str:
        """A certification request (PEM) by this key for the act's ``subject``. Raises ActMalformed."""
        subject = parameters.get("subject")
        if not isinstance(subject, dict) or not all(isinstance(value, str) for value in subject.values()):
            raise ActMalformed("The act needs a subject: {CN, O, …}.")
        public_key = load_der_public_key(made.spki)

        def sign(digest: bytes) -> bytes:
            # A request proves that the key is here; it is covered by this act's journal entry.
            value = self._token.sign(made.ref, algorithm, digest)
            verify_signature(public_key, algorithm, value, digest)
            return value

        try:
            return build_csr(subject, made.spki, algorithm, sign)
        except EnrolmentError as error:
            raise ActMalformed(error.message, detail=error.detail) from error

    def certified(
        self, parameters: dict[str, Any], spki: bytes, now: datetime, *, training: bool
    ) -> dict[str, object]:
        """The act's ``chain``, checked for this key, as columns of a credential. Raises ActMalformed."""
        chain = _chain(parameters)
        try:
            check_chain(
                chain,
                spki=spki,
                anchors=self._anchors,
                training=training,
                training_allowed=self._training,
                now=now,
            )
        except EnrolmentError as error:
            raise ActMalformed(error.message, detail=error.detail) from error
        return {
            "certificates": "".join(one.public_bytes(Encoding.PEM).decode() for one in chain),
            "not_before": int(chain[0].not_valid_before_utc.timestamp()),
            "not_after": int(chain[0].not_valid_after_utc.timestamp()),
        }

    def _activate(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        stored = self.known(parameters).stored
        changes: dict[str, object] = {"state": "active"}
        if stored.purpose != "token":
            changes |= self.certified(parameters, stored.spki, now, training=stored.training)
        before = tuple(MOVES[ActionName.ACTIVATE_CREDENTIAL].before)

        def change(connection: Connection) -> None:
            check_moved(moved=store.change_credential(connection, stored.credential_id, before, **changes))

        return {"credential_id": stored.credential_id, "state": "active"}, change

    def _move(self, action: ActionName) -> Callable[[dict[str, Any], datetime], tuple[Result, Change]]:
        move = MOVES[action]

        def prepare(parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
            credential_id = self.known(parameters).stored.credential_id

            def change(connection: Connection) -> None:
                check_moved(
                    moved=store.change_credential(
                        connection, credential_id, tuple(move.before), state=move.after
                    )
                )

            return {"credential_id": credential_id, "state": move.after}, change

        return prepare

    def _destroy(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        stored = self.known(parameters).stored
        before = tuple(MOVES[ActionName.DESTROY_CREDENTIAL].before)
        state_after(ActionName.DESTROY_CREDENTIAL, stored.state)
        with self._database.reading() as connection:
            asked = life.find_renewal(connection, stored.credential_id)
        for label in {stored.key_label or "", (asked.key_label if asked else "") or ""} - {""}:
            # Gone already: an earlier try destroyed it and could not write so.
            with suppress(KeyNotFound):
                self._token.destroy_token_key(label)

        def change(connection: Connection) -> None:
            check_moved(
                moved=store.change_credential(
                    connection,
                    stored.credential_id,
                    before,
                    state="destroyed",
                    # The wrapped key goes with the row: without the blob the KEK unwraps nothing.
                    wrapped_key=None,
                )
            )
            life.forget_unused(connection, stored.credential_id)

        return {"credential_id": stored.credential_id, "state": "destroyed"}, change

    def known(self, parameters: dict[str, Any]) -> KnownCredential:
        """The credential that ``credential_id`` names, as the store has it. Raises CredentialNotUsable."""
        # A cached state would let an illegal move through to the token; the store knows better.
        self._directory.forget()
        return self._directory.get_credential(text(parameters, "credential_id", 64))

    def profile(self, name: str) -> KeyProfile:
        """Raises ActMalformed."""
        try:
            return self._policy.profile(name)
        except KeyError as error:
            raise ActMalformed(f"There is no key profile {name}.") from error


def check_kek_lives(connection: Connection, kek_label: str | None) -> None:
    """Raises ActMalformed when the KEK of a key just made was destroyed in between."""
    if not keks.kek_lives(connection, kek_label):
        raise ActMalformed("The KEK was destroyed while this key was made: ask for it again.")


def _chain(parameters: dict[str, Any]) -> list[x509.Certificate]:
    chain = parameters.get("chain")
    try:
        if not isinstance(chain, list) or not chain:
            raise ValueError("an empty chain")
        return [x509.load_pem_x509_certificate(pem.encode()) for pem in chain]
    except (ValueError, AttributeError) as error:
        raise ActMalformed("The act needs chain: PEM certificates, the signer's first.") from error


def _holder_kind(parameters: dict[str, Any], profile: KeyProfile) -> PrincipalKind:
    """Client or Person; unless it is said, a personal key is a person's and every other a client's."""
    kind = parameters.get("holder_kind", holder_kind_of(profile.purpose))
    if kind not in (PrincipalKind.CLIENT, PrincipalKind.PERSON):
        raise ActMalformed("holder_kind is Client or Person.")
    return PrincipalKind(kind)


def _newest(connection: Connection, stored: StoredCredential) -> StoredCredential:
    """Of the active token keys the newest signs: two of one second, or a clock gone back, change no order."""
    others = store.find_credentials(connection, purpose=stored.purpose)
    last = others[-1].created_at if others else 0
    return replace(stored, created_at=max(stored.created_at, last + 1))


def _training(parameters: dict[str, Any]) -> bool:
    training = parameters.get("training", False)
    if not isinstance(training, bool):
        raise ActMalformed("training is true or false.")
    return training


def text(parameters: dict[str, Any], name: str, maximum: int) -> str:
    """A parameter that is a text. Raises ActMalformed."""
    value = parameters.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= maximum:
        raise ActMalformed(f"The act needs {name}: a text of 1 to {maximum} characters.")
    return value
