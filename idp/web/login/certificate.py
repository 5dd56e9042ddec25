"""POST /login/<journey_id>/certificate: the certificate of a USB token, from the gateway."""

from flask import Blueprint, Response

from idp.errors import LoginRefused
from idp.login.passkeys import FactorWaits
from idp.services import Services
from idp.web.login.finish import accept
from idp.web.login.kiosk import wants_kiosk
from idp.web.login.refused import certificate_word, refused_page
from idp.web.login.visit import open_visit
from idp.web.presented import presented_certificate


def certificate_endpoint(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/login/<journey_id>/certificate")
    def certificate(journey_id: str) -> Response:
        visit = open_visit(services, journey_id)
        if isinstance(visit, Response):
            return visit
        try:
            presented = presented_certificate()
            if presented is None:
                raise LoginRefused(detail="no certificate presented")
            person, _, proof = services.login.certificates.verify(presented, services.clock())
        except LoginRefused as error:
            word = "waits" if isinstance(error, FactorWaits) else certificate_word(error)
            return refused_page(visit, error, "certificate", word=word)
        kiosk = wants_kiosk() if not visit.progress.person_id else None
        return accept(visit, person, proof, kiosk=kiosk)
