"""POST /login/<journey_id>/totp and /recovery: a second factor that is typed."""

from flask import Blueprint, Response, request

from idp.directory.person import Person
from idp.errors import LoginRefused, TooManyRequests
from idp.login.password_login import account_key
from idp.login.proofs import Proof
from idp.services import Services
from idp.web.login.finish import accept
from idp.web.login.known_device import device_of
from idp.web.login.refused import refused_page, throttled_page
from idp.web.login.start import first_page
from idp.web.login.visit import Visit, open_visit


def second_factor_endpoints(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/login/<journey_id>/totp")
    def totp(journey_id: str) -> Response:
        return _verify(services, journey_id, "totp")

    @blueprint.post("/login/<journey_id>/recovery")
    def recovery(journey_id: str) -> Response:
        return _verify(services, journey_id, "recovery")


def _verify(services: Services, journey_id: str, kind: str) -> Response:
    visit = open_visit(services, journey_id)
    if isinstance(visit, Response):
        return visit
    person = visit.person()
    if person is None:
        # What was proved a quarter of an hour ago is forgotten; the first factor comes first.
        return first_page(visit, status=400, error="expired")
    try:
        proof = _proof(visit, person, kind)
    except TooManyRequests as error:
        return throttled_page(visit, error, kind)
    except LoginRefused as error:
        return refused_page(visit, error, kind)
    return accept(visit, person, proof)


def _proof(visit: Visit, person: Person, kind: str) -> Proof:
    typed = request.form.get("otp", "")[:64]
    device = device_of(account_key(person.username)) if person.username else ""
    one_time = visit.services.login.one_time_passwords
    verify = one_time.verify_totp if kind == "totp" else one_time.verify_recovery
    return verify(person.person_id, typed, device=device, now=visit.now)
