"""A proof was accepted: go on to the next one, or log the person in."""

from collections.abc import Sequence
from dataclasses import replace

from flask import Response, g, request, url_for

from idp.directory.factor import Factor
from idp.directory.person import Person
from idp.evidence.event import Event
from idp.login.password_login import account_key
from idp.login.proofs import Proof, acr_of, amr_of
from idp.web.caller_address import caller_address
from idp.web.login.known_device import device_of, remember_device
from idp.web.login.visit import Visit, resume_path
from idp.web.pages import see_other
from idp.web.session_cookie import set_session_cookie


def accept(visit: Visit, person: Person, proof: Proof, *, kiosk: bool | None = None) -> Response:
    """One more proof of this person; where the browser goes next."""
    progress = visit.progress.with_proof(person.person_id, proof)
    if kiosk is not None:
        progress = replace(progress, kiosk=kiosk)
    return advance(replace(visit, progress=progress), person)


def advance(visit: Visit, person: Person) -> Response:
    """The next page of the login, or the end of it."""
    factors = visit.services.factors.of_person(person.person_id)
    if visit.is_invited(person) or not visit.verdict(person, factors).done:
        visit.save(visit.progress)
        return see_other(url_for("login.start", journey_id=visit.journey_id))
    return finish(visit, person, factors)


def finish(visit: Visit, person: Person, factors: Sequence[Factor]) -> Response:
    """Steps, in this order:

    1. the session is begun, or gets the new factors, and the evidence has it: one transaction; its cookie
       changes in any case (session fixation)
    2. what was proved in the journey is forgotten: it is worth nothing a second time
    """
    services, progress = visit.services, visit.progress
    account = account_key(person.username) if person.username else person.person_id
    cookie_value = _session(visit, person, _succeeded(visit, person, new_device=not device_of(account)))
    services.login.progress.forget(visit.journey_id)
    waiting = [each for each in factors if each.usable_from > visit.now]
    # There may be no other way to reach the person: whoever logs in by what they had is told.
    answer = (
        visit.page("login/new_factor.html", waiting=waiting, go_on=_destination(visit))
        if waiting
        else see_other(_destination(visit))
    )
    set_session_cookie(answer, services, cookie_value)
    if not progress.kiosk:
        remember_device(answer, services, account)
    return answer


def _session(visit: Visit, person: Person, login: Event) -> str:
    """The cookie value of the session, which is the person's from now on."""
    services, progress, current = visit.services, visit.progress, visit.session
    acr, amr = acr_of(progress.proofs), amr_of(progress.proofs)
    # A computer that is said to be shared now has no long session from before.
    shortened = bool(current and progress.kiosk and not current.kiosk)
    if current and current.person_id == person.person_id and not shortened:
        stepped = services.sessions.step_up(current.session_id, acr=acr, amr=amr, now=visit.now, login=login)
        if stepped:
            return stepped[1]
    elif current:
        # One browser, one person: nobody comes back to a session that is hidden under another's.
        services.end_session(current.session_id, reason="replaced", now=visit.now)
    _, cookie_value = services.sessions.start(
        person,
        acr=acr,
        amr=amr,
        upstream=progress.upstream,
        identity_level=progress.identity_level or person.identity_level,
        device=request.headers.get("User-Agent", ""),
        address=caller_address(services),
        kiosk=progress.kiosk,
        mandate_id=progress.mandate_id,
        now=visit.now,
        login=login,
    )
    return cookie_value


def _succeeded(visit: Visit, person: Person, *, new_device: bool) -> Event:
    progress = visit.progress
    return Event(
        "login.succeeded",
        visit.now,
        person_id=person.person_id,
        client_id=visit.journey.client_id,
        request_id=g.request_id,
        details={
            "method": progress.proofs[-1].kind if progress.proofs else "",
            "acr": acr_of(progress.proofs),
            "amr": list(amr_of(progress.proofs)),
            "upstream": progress.upstream,
            "new_device": new_device,
        },
    )


def _destination(visit: Visit) -> str:
    if visit.journey.client_id:
        return resume_path(visit.journey_id)
    # A journey of our own pages: the path was written by us (own_journey.py), never by a request.
    return visit.journey.request.destination.redirect_uri
