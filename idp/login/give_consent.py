"""A person answers the consent page: yes, in part, or no. Each answer is on the record."""

from collections.abc import Sequence

from idp.evidence.event import Event, Evidence
from idp.login.consent_page import chosen_claims
from idp.login.journey import Consented, Journey
from idp.login.on_record import names_on_record
from idp.protocol.assurance import Authentication
from idp.protocol.authorize.asked_claims import asked_claims
from idp.protocol.authorize.errors import ACCESS_DENIED
from idp.protocol.authorize.remembered import Remembered
from idp.store.consents import Consents
from idp.store.journeys import Journeys


class GiveConsent:
    """Raises StoreUnavailable, ReplayStoreUnavailable."""

    def __init__(self, consents: Consents, journeys: Journeys, evidence: Evidence) -> None:
        self._consents = consents
        self._journeys = journeys
        self._evidence = evidence

    def accept(
        self, journey: Journey, person: Authentication, ticked: Sequence[str], now: int, request_id: str
    ) -> None:
        """``ticked``: names of optional claims; others than the page showed count for nothing."""
        request = journey.request
        claims = chosen_claims(request, ticked)
        declined = frozenset(asked_claims(request.claims, request.scopes)) - set(claims)
        self._record("consent.given", journey, person, claims, now, request_id)
        self._consents.remember(
            person.person_id,
            request.client_id,
            Remembered(request.scopes, frozenset(claims), declined),
            now,
        )
        self._journeys.record(
            journey.journey_id, consented=Consented(person.person_id, request.scope, claims)
        )

    def reject(self, journey: Journey, person: Authentication, now: int, request_id: str) -> None:
        claims = asked_claims(journey.request.claims, journey.request.scopes)
        self._record("consent.refused", journey, person, claims, now, request_id)
        self._journeys.record(journey.journey_id, refused=ACCESS_DENIED)

    def _record(
        self,
        event: str,
        journey: Journey,
        person: Authentication,
        claims: Sequence[str],
        now: int,
        request_id: str,
    ) -> None:
        self._evidence.record(
            Event(
                event,
                now,
                person_id=person.person_id,
                client_id=journey.client_id,
                session_id=person.session_id,
                request_id=request_id,
                details={
                    "scopes": names_on_record(journey.request.scope.split()),
                    "claims": names_on_record(claims),
                },
            )
        )
