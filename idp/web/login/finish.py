"""A proof was accepted: go on to the next one, or log the person in."""

from dataclasses import replace

from flask import Response, g, request, url_for

from idp.directory.person import Person
from idp.evidence.event import Event
from idp.login.password_login import account_key
from idp.login.proofs import Proof, acr_of, amr_of
from idp.protocol.session import Session
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
    if visit.is_invited(person) or not visit.verdict(person).done:
        visit.save(visit.progress)
        return see_other(url_for("login.start", journey_id=visit.journey_id))
    return finish(visit, person)


def finish(visit: Visit, person: Person) -> Response:
    """Steps, in this order:

    1. the session is begun, or gets the new factors; its cookie changes in any case (session fixation)
    2. the evidence has it
    3. what was proved in the journey is forgotten: it is worth nothing a second time
    """
    services, progress = visit.services, visit.progress
    session, cookie_value, stepped_up = _session(visit, person)
    account = account_key(person.username) if person.username else person.person_id
    _record(visit, person, session, stepped_up=stepped_up, new_device=not device_of(account))
    services.login.progress.forget(visit.journey_id)
    waiting = [each for each in services.factors.of_person(person.person_id) if each.usable_from > visit.now]
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


def _session(visit: Visit, person: Person) -> tuple[Session, str, bool]:
    services, progress, current = visit.services, visit.progress, visit.session
    acr, amr = acr_of(progress.proofs), amr_of(progress.proofs)
    # A computer that is said to be shared now has no long session from before.
    shortened = bool(current and progress.kiosk and not current.kiosk)
    if current and current.person_id == person.person_id and not shortened:
        session = services.sessions.step_up(current.session_id, acr=acr, amr=amr, now=visit.now)
        cookie_value = services.sessions.rotate(current.session_id, visit.now)
        if session and cookie_value:
            return session, cookie_value, True
    elif current:
        # One browser, one person: nobody comes back to a session that is hidden under another's.
        services.end_session(current.session_id, reason="replaced", now=visit.now)
    session, cookie_value = services.sessions.start(
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
    )
    return session, cookie_value, False


def _record(visit: Visit, person: Person, session: Session, *, stepped_up: bool, new_device: bool) -> None:
    ids = {
        "person_id": person.person_id,
        "client_id": visit.journey.client_id,
        "session_id": session.session_id,
        "request_id": g.request_id,
    }
    evidence, progress = visit.services.evidence, visit.progress
    amr = list(amr_of(progress.proofs))
    method = progress.proofs[-1].kind if progress.proofs else ""
    succeeded = Event(
        "login.succeeded",
        visit.now,
        **ids,
        details={
            "method": method,
            "acr": session.acr,
            "amr": amr,
            "upstream": progress.upstream,
            "new_device": new_device,
        },
    )
    if stepped_up:
        added = Event("session.stepped_up", visit.now, **ids, details={"acr": session.acr, "amr": amr})
        evidence.record_all(succeeded, added)
        return
    details = {
        "acr": session.acr,
        "amr": amr,
        "upstream": progress.upstream,
        "identity_level": session.identity_level,
        "kiosk": session.kiosk,
        "organisation": person.posts[0].organisation if person.posts else "",
    }
    evidence.record_all(succeeded, Event("session.started", visit.now, **ids, details=details))


def _destination(visit: Visit) -> str:
    if visit.journey.client_id:
        return resume_path(visit.journey_id)
    # A journey of our own pages: the path was written by us (own_journey.py), never by a request.
    return visit.journey.request.destination.redirect_uri
