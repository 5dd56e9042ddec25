"""/my-keys: the person's own keys and certificates, and how long they are good for."""

from flask import Blueprint, Response

from desk.services import Services
from desk.signing.certificates import read_certificates
from desk.web.pages import page
from desk.web.person import bearer, current_person

# A new certificate takes an office some weeks.
SOON_DAYS = 30


def my_keys_pages(services: Services) -> Blueprint:
    """A session; nobody else's keys are asked for."""
    blueprint = Blueprint("my_keys", __name__)

    @blueprint.get("/my-keys")
    def show() -> Response:
        current_person()
        told = services.service.credentials(bearer(services.authorize), only_valid=False)
        return page(
            "my_keys.html",
            certificates=read_certificates(told),
            now=int(services.clock()),
            soon=SOON_DAYS,
        )

    return blueprint
