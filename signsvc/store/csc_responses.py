"""Answers of asynchronous CSC calls: kept for the client that called, as long as it asked for."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from signsvc.store.database import Database
from signsvc.store.tables import csc_response


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """One of the two: the answer itself, or the signatures that it is to be made of."""

    answer: dict[str, Any] | None
    signatures: tuple[str, ...]


class CscResponses:
    """Every method raises StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep_answer(self, client_id: str, answer: dict[str, Any], *, now: datetime, seconds: int) -> str:
        """Durable when this returns its responseID."""
        return self._keep(client_id, now, seconds, answer=json.dumps(answer))

    def keep_signatures(
        self, client_id: str, signatures: Sequence[str], *, now: datetime, seconds: int
    ) -> str:
        """For signatures that are still being finished."""
        return self._keep(client_id, now, seconds, signatures=" ".join(signatures))

    def find(self, client_id: str, response_id: str, now: datetime) -> KeptResponse | None:
        """The client's; None when it is nobody's, another's, or its time is over."""
        query = select(csc_response).where(
            csc_response.c.id == response_id,
            csc_response.c.client_id == client_id,
            csc_response.c.expires_at > int(now.timestamp()),
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        answer = json.loads(row.answer) if row.answer else None
        return KeptResponse(answer, tuple(row.signatures.split()) if row.signatures else ())

    def sweep(self, now: int) -> int:
        """Forget what is past its time; how many."""
        with self._database.writing() as connection:
            return connection.execute(delete(csc_response).where(csc_response.c.expires_at <= now)).rowcount

    def _keep(self, client_id: str, now: datetime, seconds: int, **content: str) -> str:
        response_id = secrets.token_urlsafe(32)
        values = {"id": response_id, "client_id": client_id, "expires_at": int(now.timestamp()) + seconds}
        with self._database.writing() as connection:
            connection.execute(insert(csc_response).values(values | content))
        return response_id
