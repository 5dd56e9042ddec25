"""GET /account/factors: my ways to prove who I am."""

import segno
from flask import Blueprint, Response

from idp.directory.factor import ACTIVE, RECOVERY
from idp.login.one_time_password import new_totp_secret, otpauth_uri
from idp.services import Services
from idp.store.login_progress import Progress
from idp.web.account.visit import AccountVisit, open_account
from idp.web.login.start import ISSUER_NAME


def factors_endpoint(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/account/factors")
    def factors() -> Response:
        visit = open_account(services, fresh=True)
        return visit if isinstance(visit, Response) else factors_page(visit)

    @blueprint.post("/account/factors/prove")
    def prove() -> Response:
        """The strongest factor first, where something is to be added or taken away."""
        visit = open_account(services, fresh=True)
        return visit if isinstance(visit, Response) else visit.prove_strongest()


def factors_page(visit: AccountVisit, *, status: int = 200, error: str = "") -> Response:
    """``error``: a word of login/errors.html, or a sentence."""
    services = visit.services
    found = services.factors.of_person(visit.person.person_id)
    secret = enrolling_secret(visit) or new_totp_secret()
    services.login.progress.save(
        enrolling_key(visit), visit.session.session_id, Progress(visit.person.person_id, enrolling=secret)
    )
    uri = otpauth_uri(secret, account=visit.person.username or visit.person.name, issuer=ISSUER_NAME)
    return visit.page(
        "account/factors.html",
        "factors",
        status=status,
        error=error,
        factors=[factor for factor in found if factor.kind != RECOVERY],
        codes_left=sum(factor.kind == RECOVERY and factor.state == ACTIVE for factor in found),
        weak=not visit.may_change_factors(),
        now=visit.now,
        secret=secret,
        qr=segno.make(uri, error="m").svg_inline(scale=4, border=2),
        certificates=bool(services.login.certificates.authorities),
    )


def enrolling_key(visit: AccountVisit) -> str:
    """Names the authenticator app that this session is about to add."""
    return f"account:{visit.session.session_id}"


def enrolling_secret(visit: AccountVisit) -> str:
    found = visit.services.login.progress.find(enrolling_key(visit), visit.session.session_id)
    return found.enrolling if found.person_id == visit.person.person_id else ""
