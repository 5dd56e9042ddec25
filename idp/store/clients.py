"""Registered clients: SQL, and a cache of seconds in front of it for the token path."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from idp.protocol.client import Client
from idp.protocol.client_jwks import read_client_jwks
from idp.protocol.client_metadata import ClientMetadata
from idp.store.database import Database
from idp.store.tables import client, client_key

MAX_CACHED = 4096
_LISTS = ("scopes", "resources", "credential_ids", "introspects")


@dataclass(frozen=True, slots=True)
class Registration:
    """A client as it is registered: the row, with its public JWKs by kid."""

    client_id: str
    name: str
    contact: str
    state: str
    token_algorithm: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    credential_ids: tuple[str, ...]
    introspects: tuple[str, ...]
    jwks: Mapping[str, Mapping[str, Any]]
    metadata: ClientMetadata = field(default_factory=ClientMetadata)


def find_registration(connection: Connection, client_id: str) -> Registration | None:
    row = connection.execute(select(client).where(client.c.client_id == client_id)).mappings().first()
    return _registration(connection, row) if row else None


def find_registrations(connection: Connection) -> list[Registration]:
    """All of them, by client_id."""
    rows = connection.execute(select(client).order_by(client.c.client_id)).mappings().all()
    return [_registration(connection, row) for row in rows]


def save_registration(connection: Connection, registration: Registration, now: int) -> None:
    """Insert, or replace all but the time of its creation."""
    values = {
        "name": registration.name,
        "contact": registration.contact,
        "state": registration.state,
        "token_algorithm": registration.token_algorithm,
        "changed_at": now,
        "metadata": orjson.dumps(registration.metadata.plain()).decode(),
        **{name: orjson.dumps(getattr(registration, name)).decode() for name in _LISTS},
    }
    where = client.c.client_id == registration.client_id
    if connection.execute(update(client).where(where).values(**values)).rowcount == 0:
        values |= {"client_id": registration.client_id, "created_at": now}
        connection.execute(insert(client).values(**values))
    connection.execute(delete(client_key).where(client_key.c.client_id == registration.client_id))
    for kid, jwk in registration.jwks.items():
        connection.execute(
            insert(client_key).values(
                client_id=registration.client_id,
                kid=kid,
                jwk=orjson.dumps(dict(jwk)).decode(),
                created_at=now,
            )
        )


def change_state(connection: Connection, client_id: str, state: str, now: int) -> bool:
    """``active`` or ``disabled``; False when there is no such client."""
    changed = connection.execute(
        update(client).where(client.c.client_id == client_id).values(state=state, changed_at=now)
    )
    return changed.rowcount == 1


class ClientDirectory:
    """Clients ready for the rules, keys imported. What changed is seen ``keep_seconds`` later at most."""

    def __init__(self, database: Database, keep_seconds: float, monotonic: Callable[[], float]) -> None:
        self._database = database
        self._keep_seconds = keep_seconds
        self._monotonic = monotonic
        self._kept: dict[str, tuple[float, Client]] = {}
        self._lock = Lock()

    def find_client(self, client_id: str) -> Client | None:
        """Raises StoreUnavailable when it is not cached and the database is away."""
        moment = self._monotonic()
        kept = self._kept.get(client_id)
        if kept and moment < kept[0]:
            return kept[1]
        with self._database.reading() as connection:
            registration = find_registration(connection, client_id)
        if registration is None:
            return None
        found = _client(registration)
        with self._lock:
            # Only registered clients get here, so strangers cannot fill the cache.
            if len(self._kept) >= MAX_CACHED:
                self._kept.clear()
            self._kept[client_id] = (moment + self._keep_seconds, found)
        return found

    def forget(self, client_id: str) -> None:
        """Look again at the next call; other workers do within ``keep_seconds``."""
        with self._lock:
            self._kept.pop(client_id, None)


def _client(registration: Registration) -> Client:
    jwks = read_client_jwks({**jwk, "kid": kid} for kid, jwk in registration.jwks.items())
    return Client(
        client_id=registration.client_id,
        name=registration.name,
        contact=registration.contact,
        active=registration.state == "active",
        token_algorithm=registration.token_algorithm,
        scopes=registration.scopes,
        resources=registration.resources,
        credential_ids=frozenset(registration.credential_ids),
        introspects=frozenset(registration.introspects),
        keys=jwks.verifying,
        encryption_keys=jwks.encrypting,
        metadata=registration.metadata,
    )


def _registration(connection: Connection, row: RowMapping) -> Registration:
    keys = connection.execute(
        select(client_key.c.kid, client_key.c.jwk)
        .where(client_key.c.client_id == row["client_id"])
        .order_by(client_key.c.created_at, client_key.c.kid)
    )
    lists: dict[str, Sequence[str]] = {name: tuple(orjson.loads(row[name])) for name in _LISTS}
    return Registration(
        client_id=row["client_id"],
        name=row["name"],
        contact=row["contact"],
        state=row["state"],
        token_algorithm=row["token_algorithm"],
        scopes=tuple(lists["scopes"]),
        resources=tuple(lists["resources"]),
        credential_ids=tuple(lists["credential_ids"]),
        introspects=tuple(lists["introspects"]),
        jwks={key.kid: orjson.loads(key.jwk) for key in keys},
        metadata=ClientMetadata.from_plain(orjson.loads(row["metadata"])),
    )
