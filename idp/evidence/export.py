"""Hand the evidence to the SOC, seal by seal: each event at least once, none left out."""

from collections.abc import Sequence

from idp.evidence.destinations import Destination
from idp.evidence.siem_lines import members_of_event, members_of_seal
from idp.store.database import Database
from idp.store.evidence_seals import events_of, mark_sent, seals_after, sent_until

SEALS_AT_ONCE = 50


class ExportEvidence:
    """Called by the worker. A destination that is away keeps nothing from the others, and gets all later."""

    def __init__(self, database: Database, destinations: Sequence[Destination]) -> None:
        self._database = database
        self._destinations = destinations

    def __call__(self, now: int) -> dict[str, str]:
        """What could not be sent: the destination's name and the kind of error. Raises StoreUnavailable."""
        failed = {}
        for destination in self._destinations:
            try:
                self._send(destination, now)
            except OSError as error:
                failed[destination.name] = type(error).__name__
        return failed

    def _send(self, destination: Destination, now: int) -> None:
        with self._database.reading() as connection:
            seals = seals_after(connection, sent_until(connection, destination.name), SEALS_AT_ONCE)
        for seal in seals:
            with self._database.reading() as connection:
                events = events_of(connection, seal.seal_id)
            destination.send([*(members_of_event(each) for each in events), members_of_seal(seal)])
            # Marked after it was sent: a crash in between sends it twice, and never not at all.
            with self._database.writing() as connection:
                mark_sent(connection, destination.name, seal.seal_id, now)
