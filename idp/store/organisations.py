"""The organisations of the directory, by agency code."""

from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, insert, select, update

from idp.directory.agency_code import read_agency_code
from idp.directory.organisation import Organisation
from idp.store.database import Database
from idp.store.people_tables import organisation


@dataclass(frozen=True, slots=True)
class Organisations:
    """Codes are taken in either order, stored in the new one. Raises StoreUnavailable, DirectoryRefused."""

    database: Database

    def find(self, code: str) -> Organisation | None:
        found = self._select(organisation.c.code == read_agency_code(code))
        return found[0] if found else None

    def find_below(self, code: str) -> list[Organisation]:
        """``code`` itself and everything below it, by code."""
        code = read_agency_code(code)
        return self._select(
            (organisation.c.code == code) | organisation.c.code.startswith(f"{code}.", autoescape=True)
        )

    def find_all(self) -> list[Organisation]:
        return self._select(organisation.c.code.is_not(None))

    def save(self, saved: Organisation, now: int) -> Organisation:
        """Insert or replace. Returns it with its code in the new order."""
        saved = replace(saved, code=read_agency_code(saved.code))
        values = {"name": saved.name, "state": saved.state, "changed_at": now}
        with self.database.writing() as connection:
            where = organisation.c.code == saved.code
            if connection.execute(update(organisation).where(where).values(**values)).rowcount == 0:
                connection.execute(insert(organisation).values(code=saved.code, **values))
        return saved

    def _select(self, where: ColumnElement[bool]) -> list[Organisation]:
        with self.database.reading() as connection:
            rows = connection.execute(
                select(organisation.c.code, organisation.c.name, organisation.c.state)
                .where(where)
                .order_by(organisation.c.code)
            )
            return [Organisation(*row) for row in rows]
