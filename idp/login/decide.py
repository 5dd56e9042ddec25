"""Gather what ``next_step`` decides from: the client, what the person allowed it, who they are to it."""

from collections.abc import Callable
from typing import Protocol

from idp.login.journey import Journey
from idp.login.next_step import Step, next_step
from idp.protocol.assurance import Authentication
from idp.protocol.authorize.errors import NotRedirectable
from idp.protocol.authorize.remembered import NOTHING_REMEMBERED
from idp.protocol.client import Client
from idp.store.consents import Consents


class Subjects(Protocol):
    """Who a person is to a client."""

    def sub_for(self, person_id: str, client: Client) -> str: ...


class Decide:
    """Raises StoreUnavailable; NotRedirectable when the client was disabled meanwhile."""

    def __init__(
        self, find_client: Callable[[str], Client | None], consents: Consents, subjects: Subjects
    ) -> None:
        self._find_client = find_client
        self._consents = consents
        self._subjects = subjects

    def get_client(self, journey: Journey) -> Client:
        client = self._find_client(journey.client_id)
        if client is None or not client.active:
            raise NotRedirectable("client_disabled", "This client is disabled.")
        return client

    def step(self, journey: Journey, session: Authentication | None, now: int) -> Step:
        """What comes next for this journey in a browser with this session."""
        client = self.get_client(journey)
        remembered, subject = NOTHING_REMEMBERED, ""
        if session is not None:
            if not client.metadata.first_party:
                remembered = self._consents.find(session.person_id, client.client_id)
            if journey.request.wanted_sub:
                subject = self._subjects.sub_for(session.person_id, client)
        return next_step(journey.request, session, journey, client, remembered, now, subject=subject)
