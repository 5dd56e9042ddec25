"""End sessions: one act for /logout, my account, "this was not me", suspension and leaving."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from idp.evidence.event import Event
from idp.evidence.record import EvidenceRecorder
from idp.protocol.client import Client
from idp.protocol.session import Session
from idp.store.database import Database
from idp.store.logout_deliveries import queue_deliveries
from idp.store.sessions import clients_in, living_of, mark_ended

# What an end is called in the session's row and in the evidence.
LOGOUT, OTHER_DEVICE, DISOWNED, SUSPENDED, LEFT, FACTORS_CHANGED = (
    "logout",
    "other_device",
    "disowned",
    "suspended",
    "left",
    "factors_changed",
)


class RefreshFamilies(Protocol):
    """The part of the refresh store that is used here."""

    def revoke_session(self, session_id: str, now: int) -> object:
        """Revoke the families bound to this session that lack offline_access."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that this call ended, and the clients that had tokens of it."""

    session: Session
    clients: Sequence[str]


class EndSession:
    """Steps, in this order, so that whatever fails leaves nobody logged in:

    1. in one transaction: the session is over, each client with a back-channel gets a delivery, the event
       is written. From here on the cookie opens nothing and introspection of its tokens says no.
    2. the refresh families of the session are revoked. Refreshing asks for the session as well, so a
       failure between 1 and 2 gives no token.
    3. the worker is told that there is something to deliver.
    """

    def __init__(
        self,
        database: Database,
        find_client: Callable[[str], Client | None],
        evidence: EvidenceRecorder,
        refresh_families: RefreshFamilies,
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._find_client = find_client
        self._evidence = evidence
        self._refresh_families = refresh_families
        self._wake = wake

    def __call__(self, session_id: str, *, reason: str, now: int, by: str = "") -> Ended | None:
        """End one session; None when it had ended already. ``by``: who, when not the person themselves.

        Raises StoreUnavailable.
        """
        with self._database.writing() as connection:
            ended = self._end(connection, session_id, reason=reason, now=now, by=by)
        self._follow_up([ended] if ended else [], now)
        return ended

    def all_of(
        self, person_id: str, *, reason: str, now: int, by: str = "", keep: str = ""
    ) -> Sequence[Ended]:
        """End every session of a person, but ``keep``. Raises StoreUnavailable."""
        with self._database.writing() as connection:
            found = [each for each in living_of(connection, person_id) if each != keep]
            tried = [self._end(connection, each, reason=reason, now=now, by=by) for each in found]
        ended = [each for each in tried if each]
        self._follow_up(ended, now)
        return ended

    def _end(
        self, connection: Connection, session_id: str, *, reason: str, now: int, by: str
    ) -> Ended | None:
        session = mark_ended(connection, session_id, reason, now)
        if session is None:
            return None
        clients = clients_in(connection, session_id)
        queue_deliveries(connection, session_id, session.person_id, self._targets(clients), now)
        self._evidence.record_within(
            connection,
            Event(
                "session.ended",
                now,
                person_id=session.person_id,
                session_id=session_id,
                details={"reason": reason, "clients": list(clients)[:32], "by": by},
            ),
        )
        return Ended(session, clients)

    def _targets(self, clients: Sequence[str]) -> Sequence[tuple[str, str]]:
        found = [self._find_client(client_id) for client_id in clients]
        return [
            (client.client_id, client.metadata.backchannel_logout_uri)
            for client in found
            if client and client.active and client.metadata.backchannel_logout_uri
        ]

    def _follow_up(self, ended: Sequence[Ended], now: int) -> None:
        for each in ended:
            self._refresh_families.revoke_session(each.session.session_id, now)
        if ended:
            self._wake()
