"""POST /login/<journey_id>/passkey/options and /passkey: WebAuthn, for browsers with scripts."""

from flask import Blueprint, Response, request

from idp.errors import LoginRefused
from idp.login.passkeys import FactorWaits
from idp.services import Services
from idp.web.login.finish import accept
from idp.web.login.kiosk import wants_kiosk
from idp.web.login.refused import refused_page
from idp.web.login.visit import open_visit


def passkey_endpoints(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/login/<journey_id>/passkey/options")
    def passkey_options(journey_id: str) -> Response:
        visit = open_visit(services, journey_id)
        if isinstance(visit, Response):
            return visit
        return Response(services.login.passkeys.login_options(journey_id), content_type="application/json")

    @blueprint.post("/login/<journey_id>/passkey")
    def passkey(journey_id: str) -> Response:
        visit = open_visit(services, journey_id)
        if isinstance(visit, Response):
            return visit
        unverified = request.form.get("credential", "").encode()
        try:
            person, _, proof = services.login.passkeys.verify_login(journey_id, unverified, visit.now)
        except FactorWaits as error:
            return refused_page(visit, error, "passkey", word="waits")
        except LoginRefused as error:
            return refused_page(visit, error, "passkey")
        # The second page does not ask about the computer again.
        kiosk = wants_kiosk() if not visit.progress.person_id else None
        return accept(visit, person, proof, kiosk=kiosk)
