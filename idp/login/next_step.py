"""What comes next for an authorization request: one pure decision, no clock, no store, no HTML.

The rules it keeps, each a property in tests/idp/login/test_next_step.py:

1. ``prompt=none`` never leads to a page (OpenID Connect Core §3.1.2.1).
2. No answer without a session that is young enough, of the right person, and sure enough.
3. The ``acr`` of an answer was performed: never more; and never less than what is essential.
4. A login that satisfied the request once is not asked for again in the same journey.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from idp.login.journey import OTHER_ACCOUNT, Journey, LoginAsked
from idp.protocol.assurance import ACR_LADDER, Authentication, acr_rank, acr_satisfies
from idp.protocol.authorize.asked_claims import asked_claims, essential_claims
from idp.protocol.authorize.errors import (
    CONSENT_REQUIRED,
    INTERACTION_REQUIRED,
    LOGIN_REQUIRED,
    UNMET_AUTHENTICATION_REQUIREMENTS,
)
from idp.protocol.authorize.remembered import Remembered
from idp.protocol.authorize.request import AuthorizationRequest
from idp.protocol.client import Client
from idp.protocol.csc_credential import CREDENTIAL_SCOPE

MANDATE_SCOPE = "mandate"


@dataclass(frozen=True, slots=True)
class Login:
    asked: LoginAsked


@dataclass(frozen=True, slots=True)
class ChooseAccount:
    """prompt=select_account: go on as the person who is here, or as somebody else."""


@dataclass(frozen=True, slots=True)
class ChooseMandate:
    """Scope ``mandate``: for whom does the person act?"""


@dataclass(frozen=True, slots=True)
class Consent:
    """Ask the person for these scopes and claims: all that is asked, what was allowed before included."""

    scope: str
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Approve:
    """CSC scope ``credential``: the person approves what is to be signed, on the signing service's page."""


@dataclass(frozen=True, slots=True)
class Answer:
    """All is there. ``scope``, ``claims``: what the person allowed."""

    authentication: Authentication
    scope: str
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """``error``: the word for the relying party."""

    error: str


Step = Login | ChooseAccount | ChooseMandate | Consent | Approve | Answer | Refuse


def next_step(  # noqa: PLR0911 -- one return for each step there is
    request: AuthorizationRequest,
    session: Authentication | None,
    journey: Journey,
    client: Client,
    remembered: Remembered,
    now: int,
    *,
    subject: str = "",
) -> Step:
    """``session``: of this browser, or None. ``remembered``: of the session's person for this client.

    ``subject``: the session's person as this client knows them, to compare with ``wanted_sub``.
    """
    silent = "none" in request.prompts
    if journey.refused:
        return Refuse(journey.refused)

    login = _login_wanted(request, session, journey, client, now, subject)
    if login is not None:
        if isinstance(login, Refuse):
            return login
        return Refuse(LOGIN_REQUIRED) if silent else Login(login)
    if session is None:
        raise RuntimeError("nobody is logged in and no login is wanted")

    chosen = journey.account == session.session_id or _is_fresh(session, journey)
    if "select_account" in request.prompts and not chosen:
        return ChooseAccount()
    # The session says it too, so that nobody acts under what another person chose in this journey.
    if MANDATE_SCOPE in request.scopes and journey.mandate_id != session.mandate_id:
        return Refuse(INTERACTION_REQUIRED) if silent else ChooseMandate()

    allowed = _allowed(request, session, journey, client, remembered)
    if allowed is None:
        return (
            Refuse(CONSENT_REQUIRED)
            if silent
            else Consent(request.scope, asked_claims(request.claims, request.scopes))
        )
    scope, claims = allowed
    if request.to_sign and not (journey.approved and journey.approval_of == session.person_id):
        return Refuse(INTERACTION_REQUIRED) if silent else Approve()
    return Answer(
        replace(
            session,
            acr=_reported_acr(session.acr, (*request.essential_acr, *request.acr_values)),
            mandate_id=session.mandate_id if MANDATE_SCOPE in scope.split() else "",
        ),
        scope,
        claims,
    )


def _login_wanted(  # noqa: PLR0911 -- one return for each rule
    request: AuthorizationRequest,
    session: Authentication | None,
    journey: Journey,
    client: Client,
    now: int,
    subject: str,
) -> LoginAsked | Refuse | None:
    """What the login pages must bring, None when the session will do."""
    minimum = client.metadata.minimum_acr
    required = _rungs(minimum, request.essential_acr)
    wanted = _rungs(minimum, request.essential_acr or request.acr_values)

    def asked(reason: str) -> LoginAsked:
        return LoginAsked(
            reason,
            wanted,
            required,
            session_id=session.session_id if session else "",
            auth_time=session.auth_time if session else 0,
        )

    if request.essential_acr and not any(map(acr_rank, request.essential_acr)):
        # Essential, and none of the values is on our ladder: nobody can perform it.
        return Refuse(UNMET_AUTHENTICATION_REQUIREMENTS)
    if session is None:
        return asked("login")
    fresh = _is_fresh(session, journey)
    if request.wanted_sub and request.wanted_sub != subject:
        # Core §3.1.2.2: after a login as somebody else there is nothing left to ask for.
        return Refuse(LOGIN_REQUIRED) if fresh else asked("other_account")
    if not fresh and journey.account == OTHER_ACCOUNT:
        return asked("other_account")
    if not fresh and ("login" in request.prompts or _is_too_old(request.max_age, session.auth_time, now)):
        return asked("reauthenticate")
    if acr_satisfies(session.acr, wanted):
        return None
    enough = acr_satisfies(session.acr, required)
    # The login pages were asked for this and the person came back with less: there is no better factor.
    if fresh and _came_back(session, journey):
        return None if enough else Refuse(UNMET_AUTHENTICATION_REQUIREMENTS)
    # Core §5.5.1.1: a voluntary acr alone is no reason to fail where nobody may be asked.
    return None if enough and "none" in request.prompts else asked("step_up")


def _rungs(minimum: str, values: Sequence[str]) -> tuple[str, ...]:
    """The values that are on the ladder, lowest first, none below the minimum."""
    floor = acr_rank(minimum)
    ranks = {max(acr_rank(value), floor) for value in values if acr_rank(value)} or {floor}
    return tuple(ACR_LADDER[rank - 1] for rank in sorted(ranks) if rank)


def _is_fresh(session: Authentication, journey: Journey) -> bool:
    """Whether the person logged in during this journey, not before it."""
    same = session.session_id == journey.session_id
    return session.auth_time >= journey.created_at and not (same and session.auth_time <= journey.auth_time)


def _came_back(session: Authentication, journey: Journey) -> bool:
    login = journey.login
    return login is not None and (session.session_id, session.auth_time) != (
        login.session_id,
        login.auth_time,
    )


def _is_too_old(max_age: int | None, auth_time: int, now: int) -> bool:
    return max_age is not None and now - auth_time > max_age


def _allowed(
    request: AuthorizationRequest,
    session: Authentication,
    journey: Journey,
    client: Client,
    remembered: Remembered,
) -> tuple[str, tuple[str, ...]] | None:
    """The scope and the claims that may be given, None when the person must be asked."""
    claims = asked_claims(request.claims, request.scopes)
    consented = journey.consented
    if consented is not None and consented.person_id == session.person_id:
        return consented.scope, consented.claims
    if "consent" in request.prompts:
        return None
    # What is to be signed is never a thing of habit: details (RFC 9396) are asked about each time, whoever
    # asks; but what a credential signs, by the page that shows it (Approve).
    to_ask_about = any(detail is not request.to_sign for detail in request.details)
    if client.metadata.first_party and not to_ask_about:
        return request.scope, claims
    answered = remembered.claims | (remembered.declined - essential_claims(request.claims))
    elsewhere = {CREDENTIAL_SCOPE} if request.to_sign else set()
    known = request.scopes - elsewhere <= remembered.scopes and answered.issuperset(claims)
    if not known or to_ask_about:
        return None
    return request.scope, tuple(name for name in claims if name in remembered.claims)


def _reported_acr(performed: str, asked: Sequence[str]) -> str:
    """The highest rung that was asked for and performed, else what was performed (Core §5.5.1.1).

    Each rung includes those below it, so naming a lower one than was performed is true as well.
    """
    reached = [acr_rank(value) for value in asked if 0 < acr_rank(value) <= acr_rank(performed)]
    return ACR_LADDER[max(reached) - 1] if reached else performed
