"""What the worker does with the evidence: seal it, and delete it when its time is over."""

from idp.evidence.catalogue import RETENTION_DAYS
from idp.evidence.event import Event
from idp.store.database import Database
from idp.store.evidence import write_events
from idp.store.evidence_seals import MAX_SEALED, purge, seal_events
from idp.store.reported_transactions import forget_reported

DAY = 86400
# A transaction is reported within a week: after a month nobody sends it again.
REPORTED_DAYS = 30


class KeepEvidence:
    """Both raise StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def seal(self, now: int) -> None:
        """Until nothing is left unsealed."""
        while True:
            with self._database.writing() as connection:
                sealed = seal_events(connection, now)
            if sealed is None or sealed.events < MAX_SEALED:
                return

    def purge(self, now: int) -> int:
        """Delete what is older than the retention; how many events. The deletion is itself an event."""
        with self._database.writing() as connection:
            forget_reported(connection, before=now - REPORTED_DAYS * DAY)
            gone = purge(connection, before=now - RETENTION_DAYS * DAY, now=now)
            if gone is None:
                return 0
            events, first, last = gone
            details = {"events": events, "first_seal": first, "last_seal": last}
            write_events(connection, [Event("evidence.purged", now, details=details)])
            return events
