"""Who is there, on the pages of "my account"."""

from dataclasses import dataclass

from flask import Response, request

from idp.directory.person import ACTIVE, Person
from idp.protocol.session import Session
from idp.services import Services
from idp.web.own_journey import ask_to_log_in
from idp.web.session_cookie import current_session

# Before a factor is added or taken away (ASVS 7.5.1).
FRESH_SECONDS = 10 * 60


@dataclass(frozen=True, slots=True)
class AccountVisit:
    """``now``: Unix seconds."""

    session: Session
    person: Person
    now: int


def open_account(services: Services, *, fresh: bool = False) -> AccountVisit | Response:
    """The person of this browser's session, or the way to the login page and back.

    ``fresh``: the person proved who they are minutes ago, not this morning.
    """
    session = current_session(services)
    path = request.path if request.method == "GET" else _page_of(request.path)
    person = services.people.find(session.person_id) if session else None
    if session is None or person is None or person.state != ACTIVE:
        return ask_to_log_in(services, path)
    now = int(services.clock().timestamp())
    if fresh and now - session.auth_time > FRESH_SECONDS:
        return ask_to_log_in(services, path, reason="reauthenticate", session=session)
    return AccountVisit(session, person, now)


def _page_of(path: str) -> str:
    """The page that an act of my account was started on."""
    head, separator, _ = path.partition("/account")
    return head + separator
