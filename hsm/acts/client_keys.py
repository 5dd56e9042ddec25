"""Registering and retiring the keys with which client systems approve acts."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from hsm import store
from hsm.acts.jose import VerifyingKey, import_verifying_key
from hsm.acts.keys import Operation, Result
from hsm.acts.ledger import Change
from hsm.acts.row_seals import RowSeals, client_key_row
from hsm.database import Database
from hsm.errors import ActMalformed
from hsm.store import StoredClientKey
from policies.model import ActionName, ClientKeyFacts


class ClientKeys:
    """The operations ``register_client_key`` {client_id, jwk} and ``retire_client_key`` {kid}."""

    def __init__(self, database: Database, seals: RowSeals) -> None:
        self._database = database
        self._seals = seals

    def operations(self) -> dict[ActionName, Operation]:
        return {
            ActionName.REGISTER_CLIENT_KEY: Operation(self._new_facts, self._register),
            ActionName.RETIRE_CLIENT_KEY: Operation(self._known_facts, self._retire),
        }

    def _new_facts(self, parameters: dict[str, Any]) -> ClientKeyFacts:
        client_id, key = _new_key(parameters)
        return ClientKeyFacts(id=key.kid, holder=client_id, algorithm=min(key.algorithms), state="active")

    def _known_facts(self, parameters: dict[str, Any]) -> ClientKeyFacts:
        kid = _kid(parameters)
        with self._database.reading() as connection:
            found = store.find_client_key(connection, kid)
        if found is None:
            raise ActMalformed("There is no such active client key.")
        algorithm = min(import_verifying_key(orjson.loads(found.jwk)).algorithms)
        return ClientKeyFacts(id=kid, holder=found.client_id, algorithm=algorithm, state="active")

    def _register(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        client_id, key = _new_key(parameters)
        stored = StoredClientKey(key.kid, client_id, store.jwk_text(key.key.as_dict(private=False)))
        sealed = replace(stored, seal=self._seals.seal(client_key_row(stored)))

        def change(connection: Connection) -> None:
            if not store.add_client_key(connection, sealed, int(now.timestamp())):
                raise ActMalformed("This key is already registered.")

        return {"client_id": client_id, "kid": key.kid}, change

    def _retire(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        kid = _kid(parameters)

        def change(connection: Connection) -> None:
            if not store.retire_client_key(connection, kid):
                raise ActMalformed("There is no such active client key.")

        return {"kid": kid, "retired_at": int(now.timestamp())}, change


def _new_key(parameters: dict[str, Any]) -> tuple[str, VerifyingKey]:
    client_id, jwk = parameters.get("client_id"), parameters.get("jwk")
    if not isinstance(client_id, str) or not 0 < len(client_id) <= 200 or not isinstance(jwk, dict):
        raise ActMalformed("register_client_key needs client_id and jwk.")
    try:
        return client_id, import_verifying_key(jwk)
    except ValueError as error:
        raise ActMalformed(f"The client's key cannot be used: {error}.") from error


def _kid(parameters: dict[str, Any]) -> str:
    kid = parameters.get("kid")
    if not isinstance(kid, str):
        raise ActMalformed("retire_client_key needs kid.")
    return kid
