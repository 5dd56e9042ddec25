"""POST /login/<journey_id>/enrol: the first login, where a password and a second factor are chosen.

POST /login/<journey_id>/continue: the recovery codes were written down.
"""

from dataclasses import replace

from flask import Blueprint, Response, g, request

from idp.directory.person import Person
from idp.errors import DirectoryRefused, LoginRefused
from idp.evidence.event import Event
from idp.login.enrolment import may_enrol_at_login, may_enrol_by_invitation
from idp.login.proofs import Proof
from idp.services import Services
from idp.web.login.finish import advance
from idp.web.login.refused import refused_page
from idp.web.login.start import first_page, next_page
from idp.web.login.visit import Visit, open_visit


def enrol_endpoints(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/login/<journey_id>/enrol/options")
    def enrol_options(journey_id: str) -> Response:
        visit, person = _enrolling(services, journey_id)
        if person is None:
            return visit if isinstance(visit, Response) else first_page(visit, status=400, error="expired")
        options = services.login.passkeys.registration_options(person, journey_id)
        return Response(options, content_type="application/json")

    @blueprint.post("/login/<journey_id>/enrol")
    def enrol(journey_id: str) -> Response:
        visit, person = _enrolling(services, journey_id)
        if isinstance(visit, Response):
            return visit
        if person is None:
            return first_page(visit, status=400, error="expired")
        if visit.is_invited(person):
            return _enrol_invited(visit, person)
        try:
            proof = _enrol(visit, person)
        except DirectoryRefused as error:
            return next_page(visit, status=400, error=error.message_vi)
        except LoginRefused as error:
            return refused_page(visit, error, "enrol", word="enrol_passkey" if _is_passkey() else "totp")
        progress = replace(visit.progress, proofs=(*visit.progress.proofs, proof), enrolling="")
        visit.save(progress)
        codes = services.login.one_time_passwords.new_recovery_codes(person.person_id, visit.now)
        _record(visit, person, proof)
        return visit.page("login/recovery_codes.html", codes=codes)

    @blueprint.post("/login/<journey_id>/continue")
    def go_on(journey_id: str) -> Response:
        visit = open_visit(services, journey_id)
        if isinstance(visit, Response):
            return visit
        person = visit.person()
        return first_page(visit, status=400, error="expired") if person is None else advance(visit, person)


def _enrolling(services: Services, journey_id: str) -> tuple[Visit | Response, Person | None]:
    """The person who may enrol in this journey now, or None."""
    visit = open_visit(services, journey_id)
    if isinstance(visit, Response):
        return visit, None
    person = visit.person()
    if person is None:
        return visit, None
    factors = services.factors.of_person(person.person_id)
    allowed = may_enrol_at_login(factors, visit.progress.proofs) or visit.is_invited(person)
    return visit, person if allowed else None


def _enrol_invited(visit: Visit, person: Person) -> Response:
    """The invitation is spent first, so that of two answers one counts; a failure costs a new one."""
    invitation = visit.services.login.invitations.take(visit.progress.invitation)
    if not may_enrol_by_invitation(invitation, person, visit.progress.proofs) or invitation is None:
        return first_page(visit, status=400, error="expired")
    unverified = request.form.get("credential", "").encode()
    try:
        added = visit.services.login.passkeys.enrol(person, visit.journey_id, unverified, "", visit.now)
    except DirectoryRefused as error:
        return next_page(visit, status=400, error=error.message_vi)
    except LoginRefused as error:
        return refused_page(visit, error, "enrol", word="invitation_spent")
    visit.services.evidence.record(
        Event(
            "factor.added",
            visit.now,
            person_id=person.person_id,
            request_id=g.request_id,
            details={"kind": added.kind, "factor_id": added.factor_id, "by": invitation.by},
        )
    )
    proof = Proof(added.kind, bound_to_device=added.bound_to_device)
    progress = replace(visit.progress, proofs=(*visit.progress.proofs, proof), invitation="")
    return advance(replace(visit, progress=progress), person)


def _enrol(visit: Visit, person: Person) -> Proof:
    enrolment, password = visit.services.login.enrolment, request.form.get("new_password", "")
    if _is_passkey():
        unverified = request.form.get("credential", "").encode()
        return enrolment.with_passkey(person, password, visit.journey_id, unverified, visit.now)
    otp = request.form.get("otp", "")[:64]
    return enrolment.with_totp(person, password, visit.progress.enrolling, otp, visit.now)


def _is_passkey() -> bool:
    return bool(request.form.get("credential"))


def _record(visit: Visit, person: Person, proof: Proof) -> None:
    for kind in (proof.kind, "recovery"):
        visit.services.evidence.record(
            Event(
                "factor.added",
                visit.now,
                person_id=person.person_id,
                request_id=g.request_id,
                details={"kind": kind, "by": "first_login"},
            )
        )
