"""GET /account/services, POST /account/services/revoke: what I allowed whom to know."""

from flask import Blueprint, Response, abort, g, request

from idp.evidence.event import Event
from idp.login.on_record import names_on_record
from idp.services import Services
from idp.web.account.visit import open_account


def services_endpoints(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/account/services")
    def services_used() -> Response:
        visit = open_account(services)
        if isinstance(visit, Response):
            return visit
        consents = services.consents.of_person(visit.person.person_id)
        shown = [(consent, services.clients.find_client(consent.client_id)) for consent in consents]
        return visit.page("account/services.html", "services", consents=shown)

    @blueprint.post("/account/services/revoke")
    def revoke_consent() -> Response:
        visit = open_account(services)
        if isinstance(visit, Response):
            return visit
        client_id = request.form.get("client_id", "")[:200]
        revoked = services.consents.revoke(visit.person.person_id, client_id)
        if revoked is None:
            abort(404)
        # What the client holds goes with it, offline access too.
        services.tokens.families.revoke_person(
            visit.person.person_id, "consent_withdrawn", visit.now, client_id=client_id
        )
        services.evidence.record(
            Event(
                "consent.revoked",
                visit.now,
                person_id=visit.person.person_id,
                client_id=client_id,
                session_id=visit.session.session_id,
                request_id=g.request_id,
                details={
                    "scopes": names_on_record(sorted(revoked.scopes)),
                    "claims": names_on_record(sorted(revoked.claims)),
                },
            )
        )
        return visit.done(".services_used", "consent_revoked")
