"""Who is there, on the pages of "my account"."""

from dataclasses import dataclass
from typing import Any

from flask import Response, g, request, session, url_for

from idp.directory.person import ACTIVE, Person
from idp.evidence.event import Event
from idp.login.strongest import may_change, strongest
from idp.protocol.session import Session
from idp.services import Services
from idp.web.own_journey import ask_to_log_in
from idp.web.pages import page, see_other
from idp.web.session_cookie import current_session

# Before a factor is added or taken away (ASVS 7.5.1).
FRESH_SECONDS = 10 * 60
_NOTE = "account_note"


@dataclass(frozen=True, slots=True)
class AccountVisit:
    """``now``: Unix seconds."""

    services: Services
    session: Session
    person: Person
    now: int

    def page(self, template: str, here: str, *, status: int = 200, **context: Any) -> Response:
        """A page of my account; a note that an act left behind is shown once."""
        note = session.pop(_NOTE, "")
        return page(
            template, status=status, here=here, note=note, person=self.person, session=self.session, **context
        )

    def done(self, endpoint: str, note: str) -> Response:
        """Back to a page, with one sentence about what was done (a word of account/notes.html)."""
        session[_NOTE] = note
        return see_other(url_for(endpoint))

    def record(self, name: str, **details: object) -> None:
        self.services.evidence.record(
            Event(
                name,
                self.now,
                person_id=self.person.person_id,
                session_id=self.session.session_id,
                request_id=g.request_id,
                details=details,
            )
        )

    @property
    def is_fresh(self) -> bool:
        """The person proved who they are minutes ago, not this morning."""
        return self.now - self.session.auth_time <= FRESH_SECONDS

    def may_change_factors(self, *, suspended: bool = False) -> bool:
        """Whether this login is as strong as the person can make one (login/strongest.py)."""
        factors = self.services.factors.of_person(self.person.person_id)
        return may_change(self.session.acr, factors, self.now, suspended=suspended)

    def prove_strongest(self) -> Response:
        """To the login page for the strongest factor, and back to the page of factors."""
        factors = self.services.factors.of_person(self.person.person_id)
        return ask_to_log_in(
            self.services,
            url_for("account.factors"),
            reason="step_up",
            acr_values=(strongest(factors, self.now) or "LoA1",),
            session=self.session,
        )

    def prove_again(self, endpoint: str, note: str = "") -> Response:
        """To the login page, and back to a page of my account; ``note`` as in ``done``."""
        if note:
            session[_NOTE] = note
        return ask_to_log_in(self.services, url_for(endpoint), reason="reauthenticate", session=self.session)


def open_account(services: Services, *, fresh: bool = False) -> AccountVisit | Response:
    """The person of this browser's session, or the way to the login page and back.

    ``fresh``: only with a proof of the last minutes.
    """
    found = current_session(services)
    path = request.path if request.method == "GET" else url_for("account.overview")
    person = services.people.find(found.person_id) if found else None
    if found is None or person is None or person.state != ACTIVE:
        return ask_to_log_in(services, path)
    visit = AccountVisit(services, found, person, int(services.clock().timestamp()))
    if fresh and not visit.is_fresh:
        back = path if request.method == "GET" else url_for("account.factors")
        return ask_to_log_in(services, back, reason="reauthenticate", session=found)
    return visit
