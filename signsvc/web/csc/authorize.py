"""credentials/authorize, getChallenge, extendTransaction."""

from typing import Any

from flask import Response

from hsm.client import ApprovalRefused, Grant
from signsvc.errors import QuotaExceeded
from signsvc.services import Services
from signsvc.store.csc_authorizations import PendingAuthorization
from signsvc.usecases.csc_authorize import (
    Wanted,
    allows_open,
    check_pin_otp,
    check_wanted,
    refused_approval,
)
from signsvc.usecases.csc_credentials import Bearer
from signsvc.usecases.csc_refusal import CscRefused, invalid, missing, wrong_authentication
from signsvc.web.answers import json_answer
from signsvc.web.csc.algorithms import check_hash_algorithm
from signsvc.web.csc.bearers import current_bearer
from signsvc.web.csc.describe import CLIENT_JWS, OTP, PASSKEY, PIN
from signsvc.web.csc.endpoints import CscEndpoints
from signsvc.web.csc.parameters import MAX_DESCRIPTION, Given, given
from signsvc.web.csc.sad import Sads

MAX_OBJECTS = 10


def authorize_methods(services: Services, sads: Sads) -> CscEndpoints:
    """From an approval to a SAD."""
    api = CscEndpoints("authorize")

    @api.method("credentials/authorize", quota="sign-per-client")
    def credentials_authorize(version: str) -> Response:
        """A SAD for these hashes."""
        asked = given()
        bearer = current_bearer()
        wanted = read_wanted(services, asked, bearer, version)
        objects = read_objects(asked)
        if objects and all(value is None for value in objects.values()):
            return _begin(services, wanted, objects)
        grant = _Approving(services, bearer, version).approve(wanted, objects)
        return json_answer(sad_answer(services, grant))

    @api.method("credentials/getChallenge")
    def credentials_get_challenge(version: str) -> Response:
        """The act that client_jws or passkey approves.

        Over the hashes given here, as authorize will be called with them; without any, of the newest
        authorisation under way.
        """
        asked = given()
        bearer = current_bearer()
        credential_id = asked.text("credentialID")
        kind = asked.text("authObjectID")
        if asked.find("hashes", "hash") is None:
            pending = services.csc_authorizations.find_newest(
                bearer.client_id, credential_id, services.clock()
            )
            if pending is not None and kind in (CLIENT_JWS, PASSKEY):
                return json_answer({"challenge": pending.act.decode()})
        wanted = read_wanted(services, asked, bearer, version)
        if kind not in (CLIENT_JWS, PASSKEY) or kind not in wanted.credential.proofs:
            raise invalid("authObjectID")
        act = services.csc_authorize.write_act(wanted, now=services.clock())
        return json_answer({"challenge": act.decode()})

    @api.method("credentials/sendOTP")
    def credentials_send_otp(version: str) -> Response:
        """Nothing to send: the one-time passwords are made by the signer's own device (TOTP)."""
        services.csc_credentials.get(current_bearer(), given().text("credentialID"))
        raise CscRefused("The OTP of this credential is offline (TOTP): nothing is sent")

    @api.method("credentials/extendTransaction", quota="sign-per-client")
    def credentials_extend_transaction(version: str) -> Response:
        """Another SAD for what is left; the old one ends. It cannot outlive the approval."""
        asked = given()
        bearer = current_bearer()
        credential_id = asked.text("credentialID")
        sad = sads.get(asked)
        check_hash_algorithm(asked, version)
        names = ("hash", "hashes") if version == "v1" else ("hashes", "hash")
        hashes = asked.find_hashes(*names)
        known = services.csc_credentials.get_usable(bearer, credential_id, version, services.clock())
        if hashes is None and not allows_open(known.facts):
            raise missing("array", names[0])
        grant = services.csc_sign.extend(bearer.client_id, credential_id, sad, hashes or ())
        return json_answer(sad_answer(services, grant))

    return api


def _begin(services: Services, wanted: Wanted, objects: dict[str, str | None]) -> Response:
    """The approval comes by another way: 202 with a handle."""
    if not objects.keys() <= {CLIENT_JWS, PASSKEY} or not objects.keys() <= set(wanted.credential.proofs):
        raise wrong_authentication("no way of this credential")
    now = services.clock()
    act = services.csc_authorize.write_act(wanted, now=now)
    credential_id = wanted.credential.credential_id
    expires_at = int(now.timestamp()) + services.csc_authorize.seconds(wanted.credential)
    pending = PendingAuthorization(wanted.client_id, credential_id, act, expires_at)
    return json_answer({"handle": services.csc_authorizations.begin(pending, now)}, 202)


class _Approving:
    def __init__(self, services: Services, bearer: Bearer, version: str) -> None:
        self._services = services
        self._bearer = bearer
        self._version = version

    def approve(self, wanted: Wanted, objects: dict[str, str | None]) -> Grant:
        """By whichever of the credential's ways the objects are of. Raises CscRefused."""
        authorize = self._services.csc_authorize
        try:
            match objects:
                case {"client_jws": str(token)}:
                    return authorize.by_client_jws(wanted, token)
                case {"passkey": str(answer)}:
                    return authorize.by_passkey(wanted, answer)
                case {"PIN": str(pin), "OTP": str(otp)}:
                    return self._by_pin_otp(wanted, pin, otp)
                case _:
                    raise wrong_authentication("no way of this credential")
        except ApprovalRefused as error:
            self._services.limits.spend("approval-failures", self._bearer.client_id)
            raise refused_approval(error) from error

    def _by_pin_otp(self, wanted: Wanted, pin: str, otp: str) -> Grant:
        self._check_form(pin, otp)
        credential_id = wanted.credential.credential_id
        try:
            grant = self._services.csc_authorize.by_pin_otp(wanted, pin, otp, now=self._services.clock())
        except ApprovalRefused as error:
            raise self._refused_pin(credential_id, error) from error
        self._services.limits.forgive("pin-attempts", credential_id)
        return grant

    def _check_form(self, pin: str, otp: str) -> None:
        try:
            check_pin_otp(pin, otp)
        except CscRefused as error:
            raise (error if self._version == "v1" else wrong_authentication("form")) from error

    def _refused_pin(self, credential_id: str, error: ApprovalRefused) -> CscRefused:
        """Which of the two was wrong is told by nobody; that it is locked, by how often it was tried here."""
        v1 = self._version == "v1"
        self._services.limits.spend("approval-failures", self._bearer.client_id)
        try:
            self._services.limits.spend("pin-attempts", credential_id)
        except QuotaExceeded:
            return CscRefused("PIN locked" if v1 else "Credential locked", detail="tried too often")
        if v1:
            return CscRefused("The PIN is invalid", error="invalid_pin", detail=error.message)
        return wrong_authentication(error.message)


def read_wanted(services: Services, asked: Given, bearer: Bearer, version: str) -> Wanted:
    """What authorize and getChallenge ask for. Raises CscRefused."""
    credential_id = asked.text("credentialID")
    signatures = asked.integer("numSignatures") if _needs_count(asked) else None
    names = ("hash", "hashes") if version == "v1" else ("hashes", "hash")
    check_hash_algorithm(asked, version)
    hashes = asked.find_hashes(*names)
    known = services.csc_credentials.get_usable(bearer, credential_id, version, services.clock())
    if signatures is not None and signatures < 1:
        raise CscRefused("Invalid value for parameter numSignatures")
    # SCAL2: nothing is authorised that is not named.
    if hashes is None and not allows_open(known.facts):
        raise missing("array", names[0])
    title = asked.find_text("description", maximum=MAX_DESCRIPTION) or asked.client_data()
    count = signatures if signatures is not None else len(hashes or ())
    wanted = Wanted(bearer.client_id, known.facts, count, hashes or (), title)
    check_wanted(wanted)
    return wanted


def _needs_count(asked: Given) -> bool:
    """getChallenge may leave it out: then it is as many as there are hashes."""
    return asked.find("numSignatures") is not None or asked.find("authObjectID") is None


def read_objects(asked: Given) -> dict[str, str | None]:
    """authData (v2), or PIN and OTP (v1); None: the value comes by another way. Raises CscRefused."""
    objects: dict[str, str | None] = {}
    listed = asked.find("authData")
    if listed is not None:
        if not isinstance(listed, list) or len(listed) > MAX_OBJECTS:
            raise invalid("authData")
        for one in listed:
            identity, value = _object(one)
            if identity in objects:
                raise invalid("authData")
            objects[identity] = value
    for name in (PIN, OTP):
        value = asked.find_text(name)
        if value is not None:
            objects.setdefault(name, value)
    return objects


def _object(one: Any) -> tuple[str, str | None]:
    match one:
        case {"id": str(identity), "value": str(value)}:
            return identity, value
        case {"id": str(identity), **others} if others.get("value") is None:
            return identity, None
        case _:
            raise invalid("authData")


def sad_answer(services: Services, grant: Grant) -> dict[str, Any]:
    """``expiresIn``: seconds."""
    left = max(0, grant.expires_at - int(services.clock().timestamp()))
    return {"SAD": grant.sad, "expiresIn": left}
