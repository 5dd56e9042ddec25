"""Renewal: a new certificate for a credential that keeps its id, for the same key or for a new one.

Two acts: ``renew_credential`` makes the request, ``activate_renewal`` takes the chain. Between them the
credential signs with what it has. Old certificates are kept for whoever validates old signatures.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from hsm import life, store
from hsm.acts.credential_life import CredentialLife, MadeKey, check_kek_lives
from hsm.acts.keys import Operation, Result
from hsm.acts.ledger import Change
from hsm.acts.moves import MOVES, check_moved, state_after
from hsm.algorithms import SignatureAlgorithm
from hsm.database import Database
from hsm.errors import ActMalformed
from hsm.life import StoredRenewal
from hsm.store import StoredCredential
from hsm.token.token import Token
from policies.model import ActionName
from policies.profiles import KeyProfile

# A key is certified for at most this many lifetimes of its profile; the next renewal makes a new one.
LIFETIMES_OF_A_KEY = 2


class Renewals:
    """The operations ``renew_credential`` and ``activate_renewal``."""

    def __init__(self, life: CredentialLife, database: Database, token: Token) -> None:
        self._life = life
        self._database = database
        self._token = token

    def operations(self) -> dict[ActionName, Operation]:
        facts = self._life.facts
        return {
            ActionName.RENEW_CREDENTIAL: Operation(facts, self._renew, tidy=self._destroy_old_key),
            ActionName.ACTIVATE_RENEWAL: Operation(facts, self._activate, tidy=self._destroy_old_key),
        }

    def _renew(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{credential_id, subject, new_key}: ``new_key`` true asks for a new key before it has to be."""
        stored = self._life.known(parameters).stored
        state_after(ActionName.RENEW_CREDENTIAL, stored.state)
        profile = self._life.profile(stored.profile)
        if profile.is_token:
            raise ActMalformed("A key for tokens has no certificate to renew: create its successor.")
        new_key = parameters.get("new_key", False) is True or must_be_new(profile, stored, now)
        moment = int(now.timestamp())
        with self._database.reading() as connection:
            given_up = life.find_renewal(connection, stored.credential_id)
        number, made = stored.key_number, _own_key(stored)
        if new_key:
            number += 1
            # Not the number: a crash at the wrong moment must not leave the next label taken.
            made = self._life.make_key(profile, f"{stored.credential_id}.{secrets.token_hex(4)}")
        asked = StoredRenewal(
            credential_id=stored.credential_id,
            key_number=number,
            key_label=made.key_label,
            wrapped_key=made.wrapped_key if new_key else None,
            kek_label=made.kek_label if new_key else None,
            spki=made.spki,
            key_made_at=moment if new_key else stored.key_made_at,
            asked_at=moment,
        )
        request = self._life.request(made, SignatureAlgorithm(stored.algorithm), parameters)

        def change(connection: Connection) -> None:
            present = store.find_credential(connection, stored.credential_id)
            before = MOVES[ActionName.RENEW_CREDENTIAL].before
            check_moved(moved=present is not None and present.state in before)
            check_kek_lives(connection, asked.kek_label)
            life.put_renewal(connection, asked)

        unused = given_up.key_label if given_up and given_up.key_number != stored.key_number else None
        return {
            "credential_id": stored.credential_id,
            "new_key": new_key,
            "csr": request,
            "replaced_key": unused,
        }, change

    def _activate(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{credential_id, chain}: for the key that ``renew_credential`` made or took again."""
        stored = self._life.known(parameters).stored
        with self._database.reading() as connection:
            asked = life.find_renewal(connection, stored.credential_id)
        if asked is None:
            raise ActMalformed("No renewal of this credential was asked for.")
        changes = self._life.certified(parameters, asked.spki, now, training=stored.training)
        if asked.key_number != stored.key_number:
            changes |= {
                "key_number": asked.key_number,
                "key_label": asked.key_label,
                "wrapped_key": asked.wrapped_key,
                "kek_label": asked.kek_label,
                "spki": asked.spki,
                "key_made_at": asked.key_made_at,
            }
        before = tuple(MOVES[ActionName.ACTIVATE_RENEWAL].before)

        def change(connection: Connection) -> None:
            present = life.find_renewal(connection, stored.credential_id)
            credential = store.find_credential(connection, stored.credential_id)
            if present != asked or credential is None:
                raise ActMalformed("Another renewal of this credential was asked for meanwhile.")
            check_moved(moved=credential.state in before)
            life.end_renewal(connection, asked, int(now.timestamp()))
            store.change_credential(connection, stored.credential_id, before, **changes)

        replaced = stored.key_label if asked.key_number != stored.key_number else None
        return {
            "credential_id": stored.credential_id,
            "not_after": changes["not_after"],
            "replaced_key": replaced,
        }, change

    def _destroy_old_key(self, result: Result) -> None:
        """What replaces it is durable, so it has no use left. (A wrapped key went with its row.)"""
        if result["replaced_key"]:
            self._token.destroy_token_key(result["replaced_key"])


def must_be_new(profile: KeyProfile, stored: StoredCredential, now: datetime) -> bool:
    """Whether the next certificate would take the key beyond what its profile allows a key to live."""
    lifetime = timedelta(days=profile.lifetime_days)
    key_made_at = datetime.fromtimestamp(stored.key_made_at or stored.created_at, tz=now.tzinfo)
    # A day's grace: a renewal on the last day of the first certificate still takes the same key.
    return now + lifetime > key_made_at + lifetime * LIFETIMES_OF_A_KEY + timedelta(days=1)


def _own_key(stored: StoredCredential) -> MadeKey:
    return MadeKey(stored.spki, stored.key_label, stored.wrapped_key, stored.kek_label)
