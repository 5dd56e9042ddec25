"""Factors in SQL. What may be used once is spent by an UPDATE that only one caller can win."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from idp.directory.factor import ACTIVE, PASSWORD, RECOVERY, RETIRED, TOTP, Factor
from idp.errors import DirectoryRefused
from idp.store.database import Database
from idp.store.people_tables import factor
from idp.store.prepared import Prepared
from idp.store.sealing import Sealing

# The label of a password that somebody else knows: whoever handed it over.
INITIAL = "initial"

_OF_PERSON = Prepared(
    select(factor)
    .where(factor.c.person_id == bindparam("of_person"), factor.c.state != RETIRED)
    .order_by(factor.c.created_at, factor.c.factor_id)
)
_TOUCH = Prepared(
    update(factor).where(factor.c.factor_id == bindparam("of_factor")).values(last_used_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Factors:
    """Every method is one short transaction of its own and raises StoreUnavailable."""

    database: Database
    sealing: Sealing

    def of_person(self, person_id: str) -> list[Factor]:
        """All that are not retired, oldest first; a TOTP secret is opened."""
        with self.database.reading() as connection:
            return [self._factor(row) for row in _OF_PERSON.all(connection, of_person=person_id)]

    def find_by_handle(self, kind: str, handle: str) -> Factor | None:
        found = self._select(
            (factor.c.handle == handle) & (factor.c.kind == kind) & (factor.c.state != RETIRED)
        )
        return found[0] if found else None

    def add(
        self,
        person_id: str,
        kind: str,
        *,
        secret: str,
        now: int,
        label: str = "",
        handle: str = "",
        counter: int = 0,
        bound_to_device: bool = False,
        usable_from: int = 0,
    ) -> Factor:
        """One more factor. Raises DirectoryRefused when its handle is somebody's already."""
        factor_id = str(uuid.uuid4())
        stored = self.sealing.seal(secret, factor_id) if kind == TOTP else secret
        values: dict[str, Any] = {
            "factor_id": factor_id,
            "person_id": person_id,
            "kind": kind,
            "state": ACTIVE,
            "label": label[:100],
            "handle": handle or None,
            "secret": stored,
            "counter": counter,
            "bound_to_device": bound_to_device,
            "created_at": now,
            "last_used_at": 0,
            "usable_from": usable_from,
        }
        with self.database.writing() as connection:
            try:
                connection.execute(insert(factor).values(**values))
            except IntegrityError as error:
                raise DirectoryRefused(
                    "Phương tiện này đã được đăng ký.", "This authenticator is registered already."
                ) from error
        return Factor(**values | {"handle": handle, "secret": secret})

    def replace_password(
        self, person_id: str, password_hash: str, now: int, *, initial: bool = False
    ) -> Factor:
        """The one password of a person; the earlier one is gone. ``initial``: for the first login only."""
        self._retire((factor.c.person_id == person_id) & (factor.c.kind == PASSWORD))
        label = INITIAL if initial else ""
        return self.add(person_id, PASSWORD, secret=password_hash, label=label, now=now)

    def rehash_password(self, factor_id: str, password_hash: str) -> None:
        """The same password under today's cost."""
        self._update(factor.c.factor_id == factor_id, {"secret": password_hash})

    def replace_recovery_codes(self, person_id: str, hashes: Iterable[str], now: int) -> None:
        """A fresh set; what was left of the earlier one is void."""
        self._retire((factor.c.person_id == person_id) & (factor.c.kind == RECOVERY))
        for each in hashes:
            self.add(person_id, RECOVERY, secret=each, now=now)

    def spend_recovery_code(self, person_id: str, code_hash: str, now: int) -> bool:
        """True once; the code is void whatever happens next."""
        where = (
            (factor.c.person_id == person_id)
            & (factor.c.kind == RECOVERY)
            & (factor.c.secret == code_hash)
            & (factor.c.state == ACTIVE)
        )
        return self._update(where, {"state": RETIRED, "last_used_at": now})

    def spend_totp_step(self, factor_id: str, step: int, now: int) -> bool:
        """True for a step later than every one before it (RFC 6238 §5.2)."""
        where = (factor.c.factor_id == factor_id) & (factor.c.counter < step) & (factor.c.state == ACTIVE)
        return self._update(where, {"counter": step, "last_used_at": now})

    def advance_counter(self, factor_id: str, counter: int, now: int) -> bool:
        """A passkey was used. False when its counter did not grow: it may have been cloned.

        WebAuthn Level 3 §6.1.1; an authenticator without a counter says 0 for ever.
        """
        grows = (factor.c.counter < counter) | ((factor.c.counter == 0) & (counter == 0))
        where = (factor.c.factor_id == factor_id) & grows & (factor.c.state == ACTIVE)
        return self._update(where, {"counter": counter, "last_used_at": now})

    def touch(self, factor_id: str, now: int) -> None:
        with self.database.writing() as connection:
            _TOUCH.run(connection, of_factor=factor_id, now=now)

    def change_state(self, factor_id: str, person_id: str, state: str) -> bool:
        """False when this person has no such factor, or it is retired already. Retired is for ever."""
        where = (
            (factor.c.factor_id == factor_id)
            & (factor.c.person_id == person_id)
            & (factor.c.state != RETIRED)
        )
        if state == RETIRED:
            return self._retire(where)
        return self._update(where, {"state": state})

    def _retire(self, where: ColumnElement[bool]) -> bool:
        # A secret that is of no more use is not kept; the handle is free for a new registration.
        return self._update(
            where & (factor.c.state != RETIRED),
            {"state": RETIRED, "secret": "", "handle": None},
        )

    def _update(self, where: ColumnElement[bool], values: dict[str, Any]) -> bool:
        with self.database.writing() as connection:
            return bool(connection.execute(update(factor).where(where).values(**values)).rowcount)

    def _select(self, where: ColumnElement[bool]) -> list[Factor]:
        with self.database.reading() as connection:
            rows = connection.execute(
                select(factor).where(where).order_by(factor.c.created_at, factor.c.factor_id)
            )
            return [self._factor(row) for row in rows.mappings()]

    def _factor(self, row: Mapping[str, Any] | RowMapping) -> Factor:
        values = dict(row)
        # Read by the driver itself, it is 0 or 1 on SQLite.
        values["bound_to_device"] = bool(row["bound_to_device"])
        values["handle"] = row["handle"] or ""
        if row["kind"] == TOTP:
            values["secret"] = self.sealing.open(row["secret"], row["factor_id"])
        return Factor(**values)
