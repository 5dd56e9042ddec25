"""One request of one browser to the login pages of one journey."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, url_for

from idp.directory.factor import Factor
from idp.directory.person import ACTIVE, Person
from idp.login.enrolment import may_enrol_by_invitation
from idp.login.journey import Journey
from idp.login.proofs import Verdict, judge, proofs_behind
from idp.protocol.client import Client
from idp.protocol.session import Session
from idp.services import Services
from idp.store.login_progress import Progress
from idp.web.authorization_response import answer_targets
from idp.web.journey_cookie import journey_cookie
from idp.web.pages import page, see_other
from idp.web.session_cookie import current_session

LOGIN, REAUTHENTICATE, STEP_UP = "login", "reauthenticate", "step_up"


@dataclass(frozen=True, slots=True)
class Visit:
    """``cookie_value``: the journey's, which binds all of this to the browser. ``now``: Unix seconds."""

    services: Services
    journey: Journey
    cookie_value: str
    session: Session | None
    client: Client | None
    progress: Progress
    now: int

    @property
    def journey_id(self) -> str:
        return self.journey.journey_id

    @property
    def reason(self) -> str:
        return self.journey.login.reason if self.journey.login else LOGIN

    @property
    def wanted(self) -> tuple[str, ...]:
        return self.journey.login.acr_values if self.journey.login else ()

    def person(self) -> Person | None:
        """Whoever proved something in this journey; nobody, once they were suspended or have left."""
        found = self.services.people.find(self.progress.person_id) if self.progress.person_id else None
        return found if found and found.state == ACTIVE else None

    def verdict(self, person: Person, found: Sequence[Factor] | None = None) -> Verdict:
        """``found``: the person's factors, for whoever has just read them."""
        if found is None:
            found = self.services.factors.of_person(person.person_id)
        factors = [each for each in found if self.now >= each.usable_from]
        return judge(person, factors, self.progress.proofs, self.wanted)

    def is_invited(self, person: Person) -> bool:
        """Whether this login may add a passkey that an administrator vouches for."""
        handle = self.progress.invitation
        found = self.services.login.invitations.find(handle) if handle else None
        return may_enrol_by_invitation(found, person, self.progress.proofs)

    def save(self, progress: Progress) -> None:
        self.services.login.progress.save(self.journey_id, self.cookie_value, progress)

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """A page of this journey: its forms may end at the relying party."""
        metadata = self.client.metadata if self.client else None
        targets = [*answer_targets(self.journey.request.destination)] if self.client else []
        targets += context.pop("form_targets", [])
        answer = page(
            template,
            status=status,
            form_targets=targets,
            visit=self,
            client=self.client,
            foreign_images=bool(metadata and metadata.logo_uri),
            **context,
        )
        answer.headers["Vary"] = "Cookie"
        return answer


def open_visit(services: Services, journey_id: str) -> Visit | Response:
    """The visit, or where to go when this browser has no such journey: that is told in one place."""
    cookie_value = journey_cookie(services, journey_id) or ""
    journey, progress = services.journeys.find_with_progress(journey_id, cookie_value)
    if journey is None:
        owed = services.journeys.find_owed(journey_id)
        # A page of our own begins anew; what a relying party is owed the authorization endpoint knows.
        own = owed is not None and not owed.client_id
        return see_other(owed.redirect_uri if owed and own else resume_path(journey_id))
    session = current_session(services)
    if not progress.person_id and session and journey.login and journey.login.reason == STEP_UP:
        progress = _from_session(services, session, progress, journey)
    return Visit(
        services=services,
        journey=journey,
        cookie_value=cookie_value,
        session=session,
        client=services.clients.find_client(journey.client_id) if journey.client_id else None,
        progress=progress,
        now=int(services.clock().timestamp()),
    )


def resume_path(journey_id: str) -> str:
    """Where the authorization endpoint goes on with a journey."""
    path: str = url_for("authorization.resume", journey_id=journey_id)
    return path


def _from_session(services: Services, session: Session, progress: Progress, journey: Journey) -> Progress:
    """A step-up builds on what the session rests on, when the person has a factor that adds to it."""
    person = services.people.find(session.person_id)
    if person is None:
        return progress
    proofs = proofs_behind(session.amr, session.acr, session.upstream)
    now = int(services.clock().timestamp())
    factors = [each for each in services.factors.of_person(person.person_id) if now >= each.usable_from]
    wanted = journey.login.acr_values if journey.login else ()
    if judge(person, factors, proofs, wanted).done:
        # Nothing better is there to add: the person proves anew what they have; the relying party decides.
        return progress
    return Progress(
        person_id=person.person_id,
        proofs=proofs,
        upstream=session.upstream,
        identity_level=session.identity_level,
        kiosk=session.kiosk,
    )
