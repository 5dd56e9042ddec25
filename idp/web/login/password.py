"""POST /login/<journey_id>/password: username and password."""

from flask import Blueprint, Response, request

from idp.errors import LoginBusy, LoginRefused, TooManyRequests
from idp.login.password_login import account_key
from idp.login.proofs import Proof
from idp.services import Services
from idp.web.caller_address import caller_address
from idp.web.login.finish import accept
from idp.web.login.kiosk import wants_kiosk
from idp.web.login.known_device import device_of
from idp.web.login.refused import busy_page, refused_page, throttled_page
from idp.web.login.visit import open_visit


def password_endpoint(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/login/<journey_id>/password")
    def password(journey_id: str) -> Response:
        visit = open_visit(services, journey_id)
        if isinstance(visit, Response):
            return visit
        username, typed = request.form.get("username", ""), request.form.get("password", "")
        try:
            person = services.login.passwords.verify(
                username,
                typed,
                address=caller_address(services),
                device=device_of(account_key(username)),
                now=visit.now,
            )
        except TooManyRequests as error:
            return throttled_page(visit, error, "password", username=username)
        except LoginBusy as error:
            return busy_page(visit, error, username=username)
        except LoginRefused as error:
            return refused_page(visit, error, "password", username=username)
        return accept(visit, person, Proof("password"), kiosk=wants_kiosk())
