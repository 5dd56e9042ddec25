"""Pages: registered systems, what is wrong with each, new ones, secrets, states."""

from datetime import UTC, datetime

from flask import Blueprint, Response, request, url_for

from idp.client_commands import MAX_USES
from idp.errors import RegistrationRefused
from idp.evidence.event import Event
from idp.protocol.client_metadata import FAPI2
from idp.protocol.registration.rules import SECRETS
from idp.registration.look_after import LookAfter
from idp.services import Services
from idp.store.initial_access_tokens import (
    DEFAULT_SCOPES,
    end_initial_access,
    find_initial_accesses,
    issue_initial_access,
)
from idp.web.admin.visit import open_admin
from idp.web.page_errors import error_page
from idp.web.pages import page, see_other

DAY = 86400
INVITED_DAYS = 7


def console_endpoints(blueprint: Blueprint, services: Services, look_after: LookAfter) -> None:
    blueprint.register_error_handler(RegistrationRefused, lambda _error: error_page("http_404", 404))
    blueprint.add_app_template_filter(_day, "day")

    @blueprint.get("/integrators")
    def clients() -> Response:
        visit = open_admin(services)
        if isinstance(visit, Response):
            return visit
        found = look_after.findings(visit.now)
        with services.database.reading() as connection:
            invitations = [
                each
                for each in find_initial_accesses(connection)
                if each.uses_left and each.expires_at > visit.now
            ]
        return page(
            "integrators/clients.html",
            clients=look_after.find_all(),
            findings=found,
            invitations=invitations,
            here="clients",
        )

    @blueprint.get("/integrators/clients/<client_id>")
    def client(client_id: str) -> Response:
        visit = open_admin(services)
        if isinstance(visit, Response):
            return visit
        return _client_page(client_id, visit.now)

    @blueprint.post("/integrators/clients/<client_id>/secret")
    def rotate_secret(client_id: str) -> Response:
        visit = open_admin(services)
        if isinstance(visit, Response):
            return visit
        leaked = request.form.get("leaked") == "yes"
        overlap = {"overlap_days": 0} if leaked else {}
        _, secret = look_after.rotate_secret(client_id, by=visit.person.person_id, now=visit.now, **overlap)
        # Answered here, not after a redirect: a secret stands in no address and no cookie.
        return _client_page(client_id, visit.now, secret=secret)

    @blueprint.post("/integrators/clients/<client_id>/<any(disable, enable):act>")
    def change_state(client_id: str, act: str) -> Response:
        visit = open_admin(services)
        if isinstance(visit, Response):
            return visit
        state = {"disable": "disabled", "enable": "active"}[act]
        look_after.change_state(client_id, state, by=visit.person.person_id, now=visit.now)
        return see_other(url_for("integrators.client", client_id=client_id))

    @blueprint.post("/integrators/invitations")
    def invite() -> Response:
        visit = open_admin(services)
        if isinstance(visit, Response):
            return visit
        label = request.form.get("label", "").strip()[:200]
        uses = request.form.get("uses", 1, type=int)
        if not label or not 1 <= uses <= MAX_USES:
            return see_other(url_for("integrators.clients", _anchor="invite"))
        with services.database.writing() as connection:
            access, token = issue_initial_access(
                connection,
                label=label,
                issued_by=visit.person.person_id,
                expires_at=visit.now + INVITED_DAYS * DAY,
                uses=uses,
                profile=FAPI2,
                profile_until=0,
                agency="",
                scopes=DEFAULT_SCOPES,
                now=visit.now,
            )
            services.evidence.record_within(
                connection,
                Event(
                    "client.token_issued",
                    visit.now,
                    person_id=visit.person.person_id,
                    details={"expires_at": access.expires_at, "by": visit.person.person_id},
                ),
            )
        return page("integrators/invited.html", access=access, token=token, issuer=services.settings.issuer)

    @blueprint.post("/integrators/invitations/<token_id>/end")
    def end_invitation(token_id: str) -> Response:
        visit = open_admin(services)
        if isinstance(visit, Response):
            return visit
        with services.database.writing() as connection:
            end_initial_access(connection, token_id)
        return see_other(url_for("integrators.clients"))

    def _client_page(client_id: str, now: int, *, secret: str = "") -> Response:
        registration = look_after.find(client_id)
        return page(
            "integrators/client.html",
            client=registration,
            findings=look_after.findings(now, (client_id,), reach=True)[client_id],
            has_secret=registration.metadata.token_endpoint_auth_method in SECRETS,
            secret=secret,
        )


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d/%m/%Y")
