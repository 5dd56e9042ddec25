"""POST /account/factors/{password,totp,passkey,certificate,recovery}: one more way, or a new secret."""

from flask import Blueprint, Response, request

from idp.directory.factor import CERTIFICATE, PASSKEY, PASSWORD, RECOVERY, TOTP, Factor
from idp.errors import DirectoryRefused, LoginRefused
from idp.login.one_time_password import find_step
from idp.login.password_rules import check_new_password
from idp.login.proofs import Proof
from idp.login.strongest import usable_from
from idp.logout.end_session import FACTORS_CHANGED
from idp.services import Services
from idp.web.account.factors import enrolling_key, enrolling_secret, factors_page
from idp.web.account.visit import AccountVisit, open_account
from idp.web.login.refused import certificate_word
from idp.web.presented import presented_certificate


def add_factor_endpoints(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/account/factors/passkey/options")
    def add_passkey_options() -> Response:
        visit = open_account(services, fresh=True)
        if isinstance(visit, Response):
            return visit
        if refused := _too_weak(visit, PASSKEY):
            return refused
        options = services.login.passkeys.registration_options(visit.person, enrolling_key(visit))
        return Response(options, content_type="application/json")

    @blueprint.post("/account/factors/<any(password, totp, passkey, certificate, recovery):kind>")
    def add_factor(kind: str) -> Response:
        visit = open_account(services, fresh=True)
        if isinstance(visit, Response):
            return visit
        if refused := _too_weak(visit, kind):
            return refused
        try:
            if kind == RECOVERY:
                return _new_codes(visit)
            {PASSWORD: _password, TOTP: _totp, PASSKEY: _passkey, CERTIFICATE: _certificate}[kind](visit)
        except DirectoryRefused as error:
            return factors_page(visit, status=400, error=error.message_vi)
        except LoginRefused as error:
            words = {PASSKEY: "enrol_passkey", CERTIFICATE: certificate_word(error)}
            return factors_page(visit, status=400, error=words.get(kind, kind))
        if kind == PASSWORD:
            # ASVS 7.4.3: whoever had the old one is out, and so is what they took along.
            person_id, session_id = visit.person.person_id, visit.session.session_id
            services.end_session.all_of(person_id, reason=FACTORS_CHANGED, now=visit.now, keep=session_id)
            services.tokens.families.revoke_person(
                person_id, FACTORS_CHANGED, visit.now, keep_session=session_id
            )
        return visit.done(".factors", f"{kind}_added")


def _too_weak(visit: AccountVisit, kind: str) -> Response | None:
    """Why this login may not do it, or None. A new password or new codes replace what was there."""
    if not visit.may_change_factors():
        return factors_page(visit, status=403, error="strongest")
    if kind not in (PASSWORD, RECOVERY) and not visit.may_change_factors(suspended=True):
        return factors_page(visit, status=403, error="ask_administrator")
    return None


def _when(visit: AccountVisit, new: Proof) -> int:
    return usable_from(
        visit.session.acr,
        visit.services.factors.of_person(visit.person.person_id),
        new,
        visit.now,
        wait_seconds=visit.services.settings.factor_wait_seconds,
    )


def _record(visit: AccountVisit, added: Factor) -> None:
    name = "factor.added_stronger" if added.usable_from > visit.now else "factor.added"
    waits = {"usable_from": added.usable_from} if added.usable_from > visit.now else {}
    visit.record(name, kind=added.kind, factor_id=added.factor_id, by="self", **waits)


def _label() -> str:
    return " ".join(request.form.get("label", "").split())[:60]


def _password(visit: AccountVisit) -> None:
    known = (visit.person.name, visit.person.username)
    accepted = check_new_password(request.form.get("new_password", ""), known=known)
    hashed = visit.services.login.hashing.hash(accepted)
    visit.services.factors.replace_password(visit.person.person_id, hashed, visit.now)
    visit.record("factor.changed", kind=PASSWORD, by="self")


def _totp(visit: AccountVisit) -> None:
    secret = enrolling_secret(visit)
    step = find_step(secret, request.form.get("otp", "")[:64], visit.now) if secret else None
    if step is None:
        raise LoginRefused(detail="otp")
    visit.services.login.progress.forget(enrolling_key(visit))
    added = visit.services.factors.add(
        visit.person.person_id,
        TOTP,
        secret=secret,
        counter=step,
        label=_label(),
        usable_from=_when(visit, Proof(TOTP)),
        now=visit.now,
    )
    _record(visit, added)


def _passkey(visit: AccountVisit) -> None:
    unverified = request.form.get("credential", "").encode()
    added = visit.services.login.passkeys.enrol(
        visit.person,
        enrolling_key(visit),
        unverified,
        _label(),
        visit.now,
        lambda proof: _when(visit, proof),
    )
    _record(visit, added)


def _certificate(visit: AccountVisit) -> None:
    presented = presented_certificate()
    if presented is None:
        raise LoginRefused(detail="no certificate presented")
    added = visit.services.login.certificates.enrol(
        visit.person,
        presented,
        _label(),
        visit.services.clock(),
        usable_from=_when(visit, Proof(CERTIFICATE, bound_to_device=True)),
    )
    _record(visit, added)


def _new_codes(visit: AccountVisit) -> Response:
    codes = visit.services.login.one_time_passwords.new_recovery_codes(visit.person.person_id, visit.now)
    visit.record("factor.changed", kind=RECOVERY, by="self")
    return visit.page("account/recovery_codes.html", "factors", codes=codes)
