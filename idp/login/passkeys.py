"""Passkeys to log in with: WebAuthn Level 3, discoverable, user verification required.

They are passkeys of the login page's own origin. Acts are approved with other ones, on the desk's pages
(hsm/acts/passkey.py): the key process refuses this origin, so no login can be turned into a signature.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from idp.directory.factor import ACTIVE, PASSKEY, SUSPENDED, Factor
from idp.directory.person import ACTIVE as PERSON_ACTIVE
from idp.directory.person import Person
from idp.errors import LoginRefused
from idp.login.proofs import Proof
from idp.store.factors import Factors
from idp.store.login_progress import LoginProgress
from idp.store.people import People

MAX_RESPONSE = 64 * 1024
_REQUIRED = UserVerificationRequirement.REQUIRED


class FactorWaits(LoginRefused):
    """It was added a short while ago, by a weaker login (login/strongest.py)."""


def check_usable(factor: Factor, now: int) -> None:
    """Raises FactorWaits. Asked after the factor was proved: nobody else learns of it."""
    if now < factor.usable_from:
        raise FactorWaits(detail="factor waits", person_id=factor.person_id)


class PasskeyCloned(LoginRefused):
    """The authenticator's counter did not grow: there may be a copy. The passkey is suspended now."""

    def __init__(self, person_id: str, factor_id: str) -> None:
        super().__init__(detail="passkey counter did not grow: suspended", person_id=person_id)
        self.factor_id = factor_id


@dataclass(frozen=True, slots=True)
class Passkeys:
    """``rp_id``: the host of the issuer; ``origin``: the one page's that may ask."""

    people: People
    factors: Factors
    progress: LoginProgress
    rp_id: str
    origin: str
    name: str = "Ấn Tín"

    def login_options(self, purpose: str) -> str:
        """PublicKeyCredentialRequestOptionsJSON. No list of credentials: it would tell who has an account."""
        options = generate_authentication_options(
            rp_id=self.rp_id,
            challenge=self.progress.new_challenge(f"login:{purpose}"),
            user_verification=_REQUIRED,
        )
        return options_to_json(options)

    def verify_login(self, purpose: str, unverified: bytes, now: int) -> tuple[Person, Factor, Proof]:
        """Who answered the challenge of ``purpose``. Raises LoginRefused."""
        # 1. The challenge is spent whatever comes of it.
        challenge = self.progress.take_challenge(f"login:{purpose}")
        if challenge is None or len(unverified) > MAX_RESPONSE:
            raise LoginRefused(detail="no challenge")
        # 2. Whose is it?
        response, handle = _parse(unverified)
        factor = self.factors.find_by_handle(PASSKEY, handle)
        if factor is None or factor.state != ACTIVE:
            raise LoginRefused(detail="unknown passkey" if factor is None else "suspended passkey")
        person = self.people.find(factor.person_id)
        if person is None or person.state != PERSON_ACTIVE:
            raise LoginRefused(detail="person not active")
        # 3. Level 3 §7.2: challenge, origin, RP id, presence, verification, signature.
        try:
            verified = verify_authentication_response(
                credential=response,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                credential_public_key=base64url_to_bytes(factor.secret),
                credential_current_sign_count=0,  # step 4 is ours: it must win against a second one
                require_user_verification=True,
            )
            _check_frame_and_user(response, factor.person_id)
        except LoginRefused:
            raise
        except Exception as error:
            # The library's errors share no root with those of its parsers. Whatever it is, it is a no.
            raise LoginRefused(detail=f"passkey: {type(error).__name__}") from error
        # Level 3 §6.1.3: eligibility never changes; it decides the level, so a lie about it must not pass.
        if (verified.credential_device_type is CredentialDeviceType.SINGLE_DEVICE) != factor.bound_to_device:
            raise LoginRefused(detail="backup eligibility changed")
        check_usable(factor, now)
        # 4. The counter moves once.
        if not self.factors.advance_counter(factor.factor_id, verified.new_sign_count, now):
            self.factors.change_state(factor.factor_id, factor.person_id, SUSPENDED)
            raise PasskeyCloned(factor.person_id, factor.factor_id)
        return person, factor, Proof(PASSKEY, bound_to_device=factor.bound_to_device)

    def registration_options(self, person: Person, purpose: str) -> str:
        """PublicKeyCredentialCreationOptionsJSON for one more passkey of this person."""
        existing = [f for f in self.factors.of_person(person.person_id) if f.kind == PASSKEY]
        options = generate_registration_options(
            rp_id=self.rp_id,
            rp_name=self.name,
            user_id=uuid.UUID(person.person_id).bytes,
            user_name=person.username or person.name,
            user_display_name=person.name,
            challenge=self.progress.new_challenge(f"enrol:{purpose}"),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_REQUIRED
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(base64url_to_bytes(f.handle)) for f in existing
            ],
        )
        return options_to_json(options)

    def enrol(
        self,
        person: Person,
        purpose: str,
        unverified: bytes,
        label: str,
        now: int,
        when: Callable[[Proof], int] = lambda _proof: 0,
    ) -> Factor:
        """Register what the browser made. ``when``: from when on it counts, by what it is.

        Raises LoginRefused, DirectoryRefused (registered already).
        """
        challenge = self.progress.take_challenge(f"enrol:{purpose}")
        if challenge is None or len(unverified) > MAX_RESPONSE:
            raise LoginRefused(detail="no challenge")
        response, _ = _parse(unverified)
        try:
            verified = verify_registration_response(
                credential=response,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                require_user_verification=True,
            )
            _check_frame(response)
        except LoginRefused:
            raise
        except Exception as error:
            raise LoginRefused(detail=f"passkey: {type(error).__name__}") from error
        bound = verified.credential_device_type is CredentialDeviceType.SINGLE_DEVICE
        return self.factors.add(
            person.person_id,
            PASSKEY,
            secret=bytes_to_base64url(verified.credential_public_key),
            handle=bytes_to_base64url(verified.credential_id),
            label=label,
            counter=verified.sign_count,
            bound_to_device=bound,
            usable_from=when(Proof(PASSKEY, bound_to_device=bound)),
            now=now,
        )


def _parse(unverified: bytes) -> tuple[dict[str, Any], str]:
    try:
        response = orjson.loads(unverified)
        return response, bytes_to_base64url(base64url_to_bytes(response["id"]))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise LoginRefused(detail="passkey answer malformed") from error


def _check_frame(response: dict[str, Any]) -> None:
    if parse_client_data_json(base64url_to_bytes(response["response"]["clientDataJSON"])).cross_origin:
        raise LoginRefused(detail="crossOrigin")


def _check_frame_and_user(response: dict[str, Any], person_id: str) -> None:
    _check_frame(response)
    user_handle = response["response"].get("userHandle")
    # Level 3 §7.2 step 6: a discoverable credential says whose it is; it must be the one we know.
    if not user_handle or base64url_to_bytes(user_handle) != uuid.UUID(person_id).bytes:
        raise LoginRefused(detail="user handle")
