"""The life of a credential: created with its key, activated with its certificate, suspended, destroyed.

Illegal moves are impossible twice over: the policy forbids them, and the change of state in the
store names the states it may come from.
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection

from hsm import store
from hsm.acts.directory import Directory, KnownCredential, token_jwk
from hsm.acts.keys import Operation, Result
from hsm.acts.ledger import Change
from hsm.acts.policy import BundlePolicy
from hsm.acts.verify_signature import verify_signature
from hsm.algorithms import KeyKind
from hsm.enrol.chain import check_chain
from hsm.enrol.csr import build_csr
from hsm.enrol.errors import EnrolmentError
from hsm.errors import ActMalformed
from hsm.store import StoredCredential
from hsm.token.token import Token, TokenKeyRef, WrappedKeyRef
from policies.model import ActionName, CredentialFacts, PrincipalKind, holder_kind_of
from policies.profiles import KeyProfile

PERSONAL_KEK = "kek-1"


class CredentialLife:
    """The operations on credentials. ``training``: whether training certificates may be activated."""

    def __init__(
        self,
        *,
        token: Token,
        directory: Directory,
        policy: BundlePolicy,
        trust_anchors: Path | None,
        training: bool,
    ) -> None:
        self._token = token
        self._directory = directory
        self._policy = policy
        self._anchors = x509.load_pem_x509_certificates(trust_anchors.read_bytes()) if trust_anchors else []
        self._training = training

    def operations(self) -> dict[ActionName, Operation]:
        return {
            ActionName.CREATE_CREDENTIAL: Operation(self._new_facts, self._create),
            ActionName.ACTIVATE_CREDENTIAL: Operation(self._known_facts, self._activate),
            ActionName.SUSPEND_CREDENTIAL: Operation(self._known_facts, self._move(("active",), "suspended")),
            ActionName.RESUME_CREDENTIAL: Operation(self._known_facts, self._move(("suspended",), "active")),
            ActionName.DESTROY_CREDENTIAL: Operation(self._known_facts, self._destroy),
        }

    def _new_facts(self, parameters: dict[str, Any]) -> CredentialFacts:
        """{profile, holder, holder_kind, description, subject, training}: what is to be created."""
        profile = self._profile(parameters)
        return CredentialFacts(
            id="",
            purpose=profile.purpose,
            algorithm=profile.algorithm,
            state="created",
            holder=_text(parameters, "holder", 200),
            profile=profile.name,
            proofs=frozenset(profile.proofs),
            training=_training(parameters),
            holder_kind=_holder_kind(parameters, profile),
        )

    def _known_facts(self, parameters: dict[str, Any]) -> CredentialFacts:
        return self._policy.facts(self._known(parameters))

    def _create(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        profile = self._profile(parameters)
        credential_id = str(uuid.uuid4())
        key_label = wrapped = kek_label = None
        if profile.storage == "token":
            key_label = credential_id
            spki = self._token.generate_token_key(key_label, KeyKind(profile.key))
        else:
            made = self._token.generate_wrapped_key(PERSONAL_KEK, KeyKind(profile.key))
            wrapped, kek_label, spki = made.blob, PERSONAL_KEK, made.spki
        stored = StoredCredential(
            credential_id=credential_id,
            profile=profile.name,
            purpose=profile.purpose,
            state="created",
            algorithm=profile.algorithm,
            holder=_text(parameters, "holder", 200),
            description=_text(parameters, "description", 500),
            training=_training(parameters),
            key_label=key_label,
            wrapped_key=wrapped,
            kek_label=kek_label,
            spki=spki,
            certificates=None,
            not_before=None,
            not_after=None,
            created_at=int(now.timestamp()),
            holder_kind=str(_holder_kind(parameters, profile)),
        )
        known = Directory.known(stored)
        result: Result = {"credential_id": credential_id, "profile": profile.name}
        if profile.is_token:
            result["kid"] = token_jwk(known).thumbprint()
        else:
            result["csr"] = self._csr(known, parameters)
        return result, lambda connection: store.add_credential(connection, stored)

    def _csr(self, known: KnownCredential, parameters: dict[str, Any]) -> str:
        subject = parameters.get("subject")
        if not isinstance(subject, dict) or not all(isinstance(value, str) for value in subject.values()):
            raise ActMalformed("create_credential needs a subject: {CN, O, …}.")
        stored = known.stored

        def sign(digest: bytes) -> bytes:
            # A request proves that the key is here; it is covered by this act's journal entry.
            ref = (
                WrappedKeyRef(stored.kek_label, stored.wrapped_key)
                if stored.kek_label and stored.wrapped_key
                else TokenKeyRef(stored.key_label or "")
            )
            value = self._token.sign(ref, known.algorithm, digest)
            verify_signature(known.public_key, known.algorithm, value, digest)
            return value

        try:
            return build_csr(subject, stored.spki, known.algorithm, sign)
        except EnrolmentError as error:
            raise ActMalformed(error.message, detail=error.detail) from error

    def _activate(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        known = self._known(parameters)
        stored = known.stored
        if stored.purpose == "token":
            changes: dict[str, object] = {"state": "active"}
        else:
            chain = _chain(parameters)
            try:
                check_chain(
                    chain,
                    spki=stored.spki,
                    anchors=self._anchors,
                    training=stored.training,
                    training_allowed=self._training,
                    now=now,
                )
            except EnrolmentError as error:
                raise ActMalformed(error.message, detail=error.detail) from error
            leaf = chain[0]
            changes = {
                "state": "active",
                "certificates": "".join(one.public_bytes(Encoding.PEM).decode() for one in chain),
                "not_before": int(leaf.not_valid_before_utc.timestamp()),
                "not_after": int(leaf.not_valid_after_utc.timestamp()),
            }

        def change(connection: Connection) -> None:
            _moved(store.change_credential(connection, stored.credential_id, ("created",), **changes))

        return {"credential_id": stored.credential_id, "state": "active"}, change

    def _move(
        self, from_states: tuple[str, ...], state: str
    ) -> Callable[[dict[str, Any], datetime], tuple[Result, Change]]:
        def prepare(parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
            credential_id = self._known(parameters).stored.credential_id

            def change(connection: Connection) -> None:
                _moved(store.change_credential(connection, credential_id, from_states, state=state))

            return {"credential_id": credential_id, "state": state}, change

        return prepare

    def _destroy(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        stored = self._known(parameters).stored
        if stored.key_label:
            self._token.destroy_token_key(stored.key_label)

        def change(connection: Connection) -> None:
            _moved(
                store.change_credential(
                    connection,
                    stored.credential_id,
                    ("created", "active", "suspended", "revoked"),
                    state="destroyed",
                    # The wrapped key goes with the row: without the blob the KEK unwraps nothing.
                    wrapped_key=None,
                )
            )

        return {"credential_id": stored.credential_id, "state": "destroyed"}, change

    def _known(self, parameters: dict[str, Any]) -> KnownCredential:
        # A cached state would let an illegal move through to the token; the store knows better.
        self._directory.forget()
        return self._directory.get_credential(_text(parameters, "credential_id", 64))

    def _profile(self, parameters: dict[str, Any]) -> KeyProfile:
        name = _text(parameters, "profile", 64)
        try:
            return self._policy.profile(name)
        except KeyError as error:
            raise ActMalformed(f"There is no key profile {name}.") from error


def _moved(moved: bool) -> None:  # noqa: FBT001 -- the answer of the store
    if not moved:
        raise ActMalformed("The credential is not in a state that allows this.")


def _chain(parameters: dict[str, Any]) -> list[x509.Certificate]:
    chain = parameters.get("chain")
    try:
        if not isinstance(chain, list) or not chain:
            raise ValueError("an empty chain")
        return [x509.load_pem_x509_certificate(pem.encode()) for pem in chain]
    except (ValueError, AttributeError) as error:
        raise ActMalformed(
            "activate_credential needs chain: PEM certificates, the signer's first."
        ) from error


def _holder_kind(parameters: dict[str, Any], profile: KeyProfile) -> PrincipalKind:
    """Client or Person; unless it is said, a personal key is a person's and every other a client's."""
    kind = parameters.get("holder_kind", holder_kind_of(profile.purpose))
    if kind not in (PrincipalKind.CLIENT, PrincipalKind.PERSON):
        raise ActMalformed("holder_kind is Client or Person.")
    return PrincipalKind(kind)


def _training(parameters: dict[str, Any]) -> bool:
    training = parameters.get("training", False)
    if not isinstance(training, bool):
        raise ActMalformed("training is true or false.")
    return training


def _text(parameters: dict[str, Any], name: str, maximum: int) -> str:
    value = parameters.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= maximum:
        raise ActMalformed(f"The act needs {name}: a text of 1 to {maximum} characters.")
    return value
