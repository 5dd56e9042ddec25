"""GET /login/<journey_id>: the first page, or the one that asks for what is still missing."""

from dataclasses import replace

import segno
from flask import Blueprint, Response, g

from idp.directory.factor import PASSKEY
from idp.directory.person import Person
from idp.login.enrolment import may_enrol_at_login
from idp.login.one_time_password import new_totp_secret, otpauth_uri
from idp.services import Services
from idp.web.login.kiosk import is_kiosk
from idp.web.login.offered import offered
from idp.web.login.visit import REAUTHENTICATE, Visit, open_visit

# What an authenticator app shows beside the username.
ISSUER_NAME = "Ấn Tín"


def start_endpoint(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/login/<journey_id>")
    def start(journey_id: str) -> Response:
        visit = open_visit(services, journey_id)
        if isinstance(visit, Response):
            return visit
        return next_page(visit)


def next_page(visit: Visit, *, status: int = 200, error: str = "", username: str = "") -> Response:
    """What this journey asks for now. ``error``: the word that the page explains."""
    g.client_id = visit.journey.client_id or None
    person = visit.person()
    if person is None:
        return first_page(visit, status=status, error=error, username=username)
    if visit.is_invited(person):
        return visit.page("login/enrol_invited.html", status=status, error=error, person=person)
    verdict = visit.verdict(person)
    if verdict.done:
        # An invitation came to nothing: what was proved is enough, so any of it again ends the login.
        return first_page(visit, status=status, error=error, username=person.username)
    if not verdict.offers:
        return _enrol_page(visit, person, status=status, error=error)
    return visit.page(
        "login/second.html",
        status=status,
        error=error,
        person=person,
        offers=verdict.offers,
        passkey_first=verdict.offers[0] == PASSKEY,
    )


def _enrol_page(visit: Visit, person: Person, *, status: int, error: str) -> Response:
    """The first login; or, when there is nothing to enrol with, whom to ask."""
    factors = visit.services.factors.of_person(person.person_id)
    if not may_enrol_at_login(factors, visit.progress.proofs):
        return visit.page("login/no_factor.html", status=status, error=error, person=person)
    secret = visit.progress.enrolling or new_totp_secret()
    if not visit.progress.enrolling:
        visit.save(replace(visit.progress, enrolling=secret))
    uri = otpauth_uri(secret, account=person.username, issuer=ISSUER_NAME)
    return visit.page(
        "login/enrol.html",
        status=status,
        error=error,
        person=person,
        secret=secret,
        qr=segno.make(uri, error="m").svg_inline(scale=4, border=2),
    )


def first_page(visit: Visit, *, status: int = 200, error: str = "", username: str = "") -> Response:
    services = visit.services
    hint = username or visit.journey.request.login_hint[:100]
    if visit.reason == REAUTHENTICATE and visit.session and not hint:
        known = services.people.find(visit.session.person_id)
        hint = known.username if known else ""
    upstreams = offered(services)
    return visit.page(
        "login/start.html",
        status=status,
        error=error,
        username=hint,
        upstreams=upstreams,
        form_targets=[str(upstream["origin"]) for upstream in upstreams],
        kiosk=is_kiosk() or visit.progress.kiosk,
        kiosk_fixed=is_kiosk(),
        certificates=bool(services.login.certificates.authorities),
    )
