"""POST /login/<journey_id>/upstream/<name>, and GET /callback/<name>, where it sends people back."""

from dataclasses import replace

from flask import Blueprint, Response, abort, g, request

from idp.errors import LoginRefused, UpstreamFailed
from idp.evidence.event import Event
from idp.login.proofs import UPSTREAM, Proof
from idp.services import Services
from idp.store.upstream_transactions import TRANSACTION_SECONDS, Transaction
from idp.web.login.finish import advance
from idp.web.login.kiosk import wants_kiosk
from idp.web.login.refused import as_word
from idp.web.login.start import first_page
from idp.web.login.visit import REAUTHENTICATE, Visit, open_visit
from idp.web.page_errors import error_page
from idp.web.pages import see_other

_WORDS = {
    "unavailable": "upstream_unavailable",
    "refused": "upstream_refused",
    "invalid": "upstream_invalid",
    "unknown_person": "upstream_person",
    "enterprise_without_person": "upstream_person",
    "conflict": "upstream_conflict",
    "level": "upstream_level",
    "stale": "upstream_stale",
}
_PARAMETERS = ("state", "code", "error", "iss")


def upstream_endpoints(blueprint: Blueprint, services: Services) -> None:
    upstreams = services.login.upstreams

    @blueprint.post("/login/<journey_id>/upstream/<name>")
    def upstream(journey_id: str, name: str) -> Response:
        if name not in upstreams.profiles:
            abort(404)
        visit = open_visit(services, journey_id)
        if isinstance(visit, Response):
            return visit
        try:
            anew_since = visit.now if _must_prove_anew(visit) else 0
            begun = upstreams.begin(name, journey_id, kiosk=wants_kiosk(), anew_since=anew_since)
        except UpstreamFailed as error:
            return _failed(visit, name, error)
        answer = see_other(begun.location)
        answer.set_cookie(
            _cookie(services, begun.state),
            begun.cookie_value,
            max_age=TRANSACTION_SECONDS,
            secure=services.settings.issuer.startswith("https:"),
            httponly=True,
            samesite="Lax",
            path="/",
        )
        return answer

    @blueprint.get("/callback/<name>")
    def callback(name: str) -> Response:
        # 1. Parameters once each: what two parsers could read differently is no answer.
        given = {key: request.args.getlist(key) for key in _PARAMETERS}
        if any(len(values) > 1 for values in given.values()):
            return error_page("journey_unknown", 400)
        said = {key: values[0] for key, values in given.items() if values}
        # 2. The transaction, once, of this browser, of this upstream.
        state = said.get("state", "")
        cookie_name = _cookie(services, state)
        transaction = upstreams.transactions.take(state, request.cookies.get(cookie_name, ""))
        if transaction is None or transaction.upstream != name:
            g.error, g.error_detail = "upstream_refused", "state"
            return error_page("journey_unknown", 400)
        # 3. The journey it belongs to, and no other.
        visit = open_visit(services, transaction.journey_id)
        if isinstance(visit, Response):
            return visit
        answer = _complete(visit, transaction, said)
        https = services.settings.issuer.startswith("https:")
        answer.delete_cookie(cookie_name, path="/", secure=https, samesite="Lax", httponly=True)
        return answer


def _complete(visit: Visit, transaction: Transaction, said: dict[str, str]) -> Response:
    try:
        person, identity = visit.services.login.upstreams.complete(transaction, said, visit.now)
    except UpstreamFailed as error:
        return _failed(visit, transaction.upstream, error)
    except LoginRefused as error:
        return _failed(visit, transaction.upstream, UpstreamFailed("conflict", detail=error.detail))
    visit.services.evidence.record(
        Event(
            "upstream.answered",
            visit.now,
            person_id=person.person_id,
            client_id=visit.journey.client_id,
            request_id=g.request_id,
            details={
                "upstream": transaction.upstream,
                "acr": identity.acr,
                "identity_level": identity.identity_level,
            },
        )
    )
    code = identity.enterprise[0] if identity.enterprise else ""
    mandate = next((each.mandate_id for each in person.mandates if code and each.represented == code), "")
    progress = replace(
        visit.progress.with_proof(person.person_id, Proof(UPSTREAM, acr=identity.acr)),
        upstream=transaction.upstream,
        identity_level=identity.identity_level,
        mandate_id=mandate,
        kiosk=transaction.kiosk,
    )
    return advance(replace(visit, progress=progress), person)


def _failed(visit: Visit, name: str, error: UpstreamFailed) -> Response:
    """The login page again, which says what happened and offers the other ways."""
    g.error, g.error_detail = "upstream", error.detail
    visit.services.evidence.record(
        Event(
            "upstream.unavailable" if error.reason == "unavailable" else "upstream.refused",
            visit.now,
            client_id=visit.journey.client_id,
            request_id=g.request_id,
            details={"upstream": name, "error": as_word(error.detail)},
        )
    )
    status = 503 if error.reason == "unavailable" else 400
    return first_page(visit, status=status, error=_WORDS[error.reason])


def _must_prove_anew(visit: Visit) -> bool:
    """Whether a session that somebody left there is not enough: the login must be of now."""
    asked = visit.journey.request
    return visit.reason == REAUTHENTICATE or "login" in asked.prompts or asked.max_age is not None


def _cookie(services: Services, state: str) -> str:
    prefix = "__Host-" if services.settings.issuer.startswith("https:") else ""
    return f"{prefix}u-{state[:8]}"
