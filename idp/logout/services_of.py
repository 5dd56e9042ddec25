"""Which services a person is logged in to by a session, and how far each knows of its end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from idp.protocol.client import Client
from idp.protocol.logout import frontchannel_uri
from idp.protocol.session import Session
from idp.store.logout_deliveries import DEAD, WAITING, LogoutDeliveries
from idp.store.sessions import Sessions

# The relying party offers no way to tell it.
UNTOLD, FRONT = "untold", "front"


@dataclass(frozen=True, slots=True)
class Service:
    """``state``: waiting, delivered or dead (back-channel), front (this page tells it), untold."""

    client_id: str
    name: str
    uri: str
    state: str
    frame: str = ""


class ServicesOfSession:
    def __init__(
        self,
        *,
        issuer: str,
        sessions: Sessions,
        deliveries: LogoutDeliveries,
        find_client: Callable[[str], Client | None],
    ) -> None:
        self._issuer = issuer
        self._sessions = sessions
        self._deliveries = deliveries
        self._find_client = find_client

    def __call__(self, session: Session) -> Sequence[Service]:
        """First joined first; clients that are gone are left out. Raises StoreUnavailable."""
        told = {each.client_id: each.state for each in self._deliveries.of_session(session.session_id)}
        found = [self._find_client(each) for each in self._sessions.clients_of(session.session_id)]
        return [self._service(client, told.get(client.client_id, ""), session) for client in found if client]

    def _service(self, client: Client, told: str, session: Session) -> Service:
        metadata = client.metadata
        frame = ""
        if metadata.frontchannel_logout_uri:
            frame = frontchannel_uri(metadata.frontchannel_logout_uri, self._issuer, session.session_id)
        state = told or (FRONT if frame else UNTOLD)
        if state in (WAITING, DEAD) and frame:
            state = FRONT
        return Service(client.client_id, client.name, metadata.client_uri, state, frame)
