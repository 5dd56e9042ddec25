"""Answer the relying party: the last act of a journey."""

from typing import Protocol

from idp.evidence.event import Event, Evidence
from idp.login.ask_approval import redeemable
from idp.login.journey import Journey
from idp.login.next_step import Answer
from idp.login.on_record import names_on_record
from idp.protocol.authorization import Authorization
from idp.protocol.authorize.answer import code_answer, error_answer
from idp.protocol.authorize.asked_claims import allowed_claims
from idp.protocol.authorize.errors import (
    ACCESS_DENIED,
    CONSENT_REQUIRED,
    INTERACTION_REQUIRED,
    INVALID_REQUEST_URI,
    LOGIN_REQUIRED,
    UNMET_AUTHENTICATION_REQUIREMENTS,
)
from idp.protocol.authorize.request import Destination
from idp.store.pushed import PushedRequests

# What each refusal of a journey says to the relying party (RFC 6749 §4.1.2.1: ASCII, no quotes).
DESCRIPTIONS = {
    ACCESS_DENIED: "The person said no.",
    LOGIN_REQUIRED: "The person must log in, and prompt=none forbids to ask.",
    CONSENT_REQUIRED: "The person must be asked for consent, and prompt=none forbids to ask.",
    INTERACTION_REQUIRED: "The person must be asked something, and prompt=none forbids to ask.",
    UNMET_AUTHENTICATION_REQUIREMENTS: "The person has no means of login that reaches the acr asked for.",
}

_SILENT = frozenset({LOGIN_REQUIRED, CONSENT_REQUIRED, INTERACTION_REQUIRED})


class Codes(Protocol):
    """store/codes.py."""

    def issue(self, authorization: Authorization, now: int) -> str: ...


class Joins(Protocol):
    """The part of store/sessions.py that is used here."""

    def join(self, session_id: str, client_id: str, now: int, *, on_record: Event | None = None) -> bool: ...


class AnswerJourney:
    """Each method gives the parameters of the response. Raises StoreUnavailable, ReplayStoreUnavailable."""

    def __init__(
        self, issuer: str, codes: Codes, pushed: PushedRequests, sessions: Joins, evidence: Evidence
    ) -> None:
        self._issuer = issuer
        self._codes = codes
        self._pushed = pushed
        self._sessions = sessions
        self._evidence = evidence

    def grant(self, journey: Journey, step: Answer, now: int, request_id: str) -> dict[str, str]:
        """A code, or a refusal when it is too late for one."""
        request, authentication = journey.request, step.authentication
        # 1 what may be used once is used now, by this journey and no other
        if journey.spends and not self._pushed.spend(journey.spends, journey.journey_id):
            return self.refuse(
                request.destination, INVALID_REQUEST_URI, "The request was used before.", now, request_id
            )
        # 2 from now on the client hears of the session's end; an ended one gives no code. In the same
        # transaction it is on the record, before it is out.
        answered = Event(
            "authorize.answered",
            now,
            person_id=authentication.person_id,
            client_id=request.client_id,
            session_id=authentication.session_id,
            request_id=request_id,
            details={
                "acr": authentication.acr,
                "identity_level": authentication.identity_level,
                "silent": journey.login is None and journey.consented is None,
                "scopes": names_on_record(step.scope.split()),
            },
        )
        if not self._sessions.join(authentication.session_id, request.client_id, now, on_record=answered):
            return self.refuse(
                request.destination, LOGIN_REQUIRED, "The session has just ended.", now, request_id
            )
        # 3 the code
        code = self._codes.issue(
            Authorization(
                client_id=request.client_id,
                authentication=authentication,
                scope=step.scope,
                granted_at=now,
                redirect_uri=request.destination.redirect_uri,
                nonce=request.nonce,
                code_challenge=request.code_challenge,
                dpop_jkt=request.dpop_jkt,
                mtls_thumbprint=request.mtls_thumbprint,
                resources=request.resources,
                claims=allowed_claims(request.claims, step.scope.split(), step.claims),
                details=redeemable(request.details, journey),
                max_age_asked=request.max_age is not None,
            ),
            now,
        )
        return code_answer(request.destination, code, self._issuer)

    def refuse(
        self, destination: Destination, error: str, description: str, now: int, request_id: str
    ) -> dict[str, str]:
        """An error, on the record. ``description``: "" for the usual words."""
        # Relying parties ask with prompt=none again and again; that nobody is there is no event.
        if error not in _SILENT:
            self._evidence.record(
                Event(
                    "authorize.refused",
                    now,
                    client_id=destination.client_id,
                    request_id=request_id,
                    details={"error": error},
                )
            )
        return error_answer(destination, error, description or DESCRIPTIONS.get(error, ""), self._issuer)
