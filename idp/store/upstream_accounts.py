"""Which account of an upstream belongs to which person: (upstream, subject) is for ever one person."""

from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from idp.errors import UpstreamFailed
from idp.store.database import Database
from idp.store.people_tables import upstream_account
from idp.store.sealing import Sealing


@dataclass(frozen=True, slots=True)
class UpstreamAccounts:
    """Subjects are stored as an HMAC: a dump names nobody at the upstream. Raises StoreUnavailable."""

    database: Database
    sealing: Sealing

    def find_person_id(self, upstream: str, subject: str) -> str:
        """ "" for an account that was never seen."""
        with self.database.reading() as connection:
            found = connection.scalar(
                select(upstream_account.c.person_id).where(
                    upstream_account.c.upstream == upstream,
                    upstream_account.c.subject == self._index(upstream, subject),
                )
            )
        return str(found or "")

    def link(self, upstream: str, subject: str, person_id: str, now: int) -> None:
        """Raises UpstreamFailed("conflict") when it is another person's meanwhile."""
        where = (
            (upstream_account.c.upstream == upstream)
            & (upstream_account.c.subject == self._index(upstream, subject))
            & (upstream_account.c.person_id == person_id)
        )
        with self.database.writing() as connection:
            if connection.execute(update(upstream_account).where(where).values(last_login_at=now)).rowcount:
                return
            try:
                connection.execute(
                    insert(upstream_account).values(
                        upstream=upstream,
                        subject=self._index(upstream, subject),
                        person_id=person_id,
                        linked_at=now,
                        last_login_at=now,
                    )
                )
            except IntegrityError as error:
                raise UpstreamFailed("conflict", detail="subject linked to another") from error

    def _index(self, upstream: str, subject: str) -> str:
        return self.sealing.index(f"upstream\0{upstream}\0{subject}")
