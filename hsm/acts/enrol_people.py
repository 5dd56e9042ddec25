"""How people come to be able to approve: registered, a passkey enrolled, PIN and one-time password set.

Two administrators approve each of these; and a passkey is one that the person made for exactly this
invitation, so that nobody's key becomes another's. Nothing here can approve an act.
"""

import base64
import binascii
from dataclasses import replace
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from sqlalchemy import Connection
from webauthn import verify_registration_response
from webauthn.helpers import base64url_to_bytes, decode_credential_public_key
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.decoded_public_key_to_cryptography import decoded_public_key_to_cryptography
from webauthn.helpers.structs import CredentialDeviceType

from hsm import people
from hsm.acts.act import act_digest, parse_admin_act
from hsm.acts.factors import FACTORS_KEY, Sealer, new_factor
from hsm.acts.keys import Operation, Result
from hsm.acts.ledger import Change
from hsm.acts.passkey import SOFTWARE_AAGUID, WebAuthn, check_not_framed
from hsm.acts.row_seals import RowSeals, passkey_row
from hsm.database import Database
from hsm.errors import ActMalformed, ApprovalRefused
from hsm.people import StoredPasskey
from policies.model import ActionName, EnrolmentFacts

INVITATION = "invite_passkey"
MIN_RSA_BITS = 2048
MAX_TRANSPORTS = 200
_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]


class EnrolPeople:
    """The operations on people; parameters and results stand with each."""

    def __init__(self, database: Database, sealer: Sealer, webauthn: WebAuthn) -> None:
        self._database = database
        self._sealer = sealer
        self._seals = RowSeals(sealer)
        self._webauthn = webauthn

    def operations(self) -> dict[ActionName, Operation]:
        return {
            ActionName.REGISTER_PERSON: Operation(self._facts, self._register),
            ActionName.RETIRE_PERSON: Operation(self._facts, self._retire),
            ActionName.ENROL_PASSKEY: Operation(self._facts, self._enrol_passkey),
            ActionName.RETIRE_PASSKEY: Operation(self._facts, self._retire_passkey),
            ActionName.SET_PIN_OTP: Operation(self._facts, self._set_pin_otp),
            ActionName.UNLOCK_FACTOR: Operation(self._facts, self._unlock_factor),
        }

    def _facts(self, parameters: dict[str, Any]) -> EnrolmentFacts:
        person_id = _person_id(parameters)
        with self._database.reading() as connection:
            state = people.find_person(connection, person_id)
        return EnrolmentFacts(id=person_id, state=state or "new")

    def _register(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{person_id}: a pseudonymous id; no name, no number, nothing else of the person."""
        person_id = _person_id(parameters, {"person_id"})

        def change(connection: Connection) -> None:
            _done(people.add_person(connection, person_id, int(now.timestamp())), "registered before")

        return {"person_id": person_id, "state": "active"}, change

    def _retire(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{person_id}: whatever they are asked to approve from now on is refused."""
        person_id = _person_id(parameters, {"person_id"})

        def change(connection: Connection) -> None:
            _done(people.retire_person(connection, person_id), "not active")

        return {"person_id": person_id, "state": "retired", "at": int(now.timestamp())}, change

    def _enrol_passkey(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{person_id, invitation, registration}.

        ``invitation``: the text of an act ``invite_passkey`` {person_id}; ``registration``: what the
        person's authenticator answered to its digest as challenge (RegistrationResponseJSON).
        """
        person_id = _person_id(parameters, {"person_id", "invitation", "registration"})
        challenge = check_invitation(parameters["invitation"], person_id, now)
        read = self._read_registration(parameters["registration"], challenge, person_id, now)
        stored = replace(read, seal=self._seals.seal(passkey_row(read)))

        def change(connection: Connection) -> None:
            # Checked in this transaction once more: the person may have left since step 3.
            _done(people.find_person(connection, person_id) == "active", "not active")
            if not people.add_passkey(connection, stored):
                raise ActMalformed("This passkey is already enrolled.")

        result: Result = {
            "person_id": person_id,
            "passkey": base64.urlsafe_b64encode(stored.credential_id).rstrip(b"=").decode(),
            "acr": stored.acr,
            "aaguid": stored.aaguid,
            "software": stored.aaguid == SOFTWARE_AAGUID,
        }
        return result, change

    def check_invited(self, invitation: str, now: datetime) -> str:
        """Whom a passkey is to be enrolled for. Raises ActMalformed."""
        person_id = _person_id(parse_admin_act(invitation.encode()).parameters)
        check_invitation(invitation, person_id, now)
        with self._database.reading() as connection:
            _done(people.find_person(connection, person_id) == "active", "not active")
        return person_id

    def check_registration(self, invitation: str, registration: dict[str, Any], now: datetime) -> None:
        """Whether what answered this invitation can be enrolled. Raises ActMalformed."""
        person_id = self.check_invited(invitation, now)
        challenge = check_invitation(invitation, person_id, now)
        self._read_registration(registration, challenge, person_id, now)

    def _read_registration(
        self, registration: Any, challenge: bytes, person_id: str, now: datetime
    ) -> StoredPasskey:
        """WebAuthn Level 3 §7.1. Attestation is not relied on: two administrators saw whose it is."""
        if not self._webauthn.origins:
            raise ActMalformed("No origin is configured on which passkeys are made.")
        try:
            verified = verify_registration_response(
                credential=registration,
                expected_challenge=challenge,
                expected_rp_id=self._webauthn.rp_id,
                expected_origin=list(self._webauthn.origins),
                require_user_verification=True,
                supported_pub_key_algs=_ALGORITHMS,
            )
            check_not_framed(base64url_to_bytes(registration["response"]["clientDataJSON"]))
            _check_public_key(verified.credential_public_key)
            transports = " ".join(map(str, registration["response"].get("transports", [])))
        except Exception as error:
            # As in hsm.acts.passkey: the library's errors share no root.
            detail = (
                error.detail if isinstance(error, ApprovalRefused) else f"{type(error).__name__}: {error}"
            )
            raise ActMalformed("The registration is not one of this invitation.", detail=detail) from error
        if verified.aaguid == SOFTWARE_AAGUID and not self._webauthn.software:
            raise ActMalformed("A software passkey is for training only.")
        return StoredPasskey(
            credential_id=verified.credential_id,
            person_id=person_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            backup_eligible=verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            backup_state=verified.credential_backed_up,
            aaguid=verified.aaguid,
            transports=transports[:MAX_TRANSPORTS],
            rp_id=self._webauthn.rp_id,
            state="active",
            created_at=int(now.timestamp()),
        )

    def _retire_passkey(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{person_id, passkey}: its credential id, base64url."""
        person_id = _person_id(parameters, {"person_id", "passkey"})
        passkey = parameters["passkey"]
        try:
            credential_id = base64url_to_bytes(passkey)
        except (ValueError, TypeError, binascii.Error) as error:
            raise ActMalformed("passkey is a credential id in base64url.") from error

        def change(connection: Connection) -> None:
            _done(people.retire_passkey(connection, person_id, credential_id), "no such passkey of theirs")

        return {"person_id": person_id, "passkey": passkey, "retired_at": int(now.timestamp())}, change

    def _set_pin_otp(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{person_id} -> {person_id, pin, otpauth}: told this once, kept sealed, written nowhere else."""
        person_id = _person_id(parameters, {"person_id"})
        sealed, handed = new_factor(self._sealer, person_id)

        def change(connection: Connection) -> None:
            _done(people.find_person(connection, person_id) == "active", "not active")
            people.set_factor(connection, person_id, sealed, FACTORS_KEY, int(now.timestamp()))

        return {"person_id": person_id, "pin": handed.pin, "otpauth": handed.otpauth}, change

    def _unlock_factor(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        """{person_id}: five more tries."""
        person_id = _person_id(parameters, {"person_id"})

        def change(connection: Connection) -> None:
            _done(people.unlock_factor(connection, person_id), "without PIN and one-time password")

        return {"person_id": person_id, "unlocked_at": int(now.timestamp())}, change


def check_invitation(invitation: object, person_id: str, now: datetime) -> bytes:
    """The challenge of an invitation: made for this person, and not too old."""
    if not isinstance(invitation, str):
        raise ActMalformed("invitation is the text of an act invite_passkey.")
    text = invitation.encode()
    act = parse_admin_act(text)
    if act.action != INVITATION or act.parameters != {"person_id": person_id}:
        raise ActMalformed("The invitation is not for this person.")
    if not act.issued_at - 60 <= now.timestamp() < act.expires_at:
        raise ActMalformed("The invitation has expired.")
    return act_digest(text)


def _check_public_key(cose: bytes) -> None:
    """Raise ValueError for a key too weak, or on a curve that its algorithm does not name."""
    match decoded_public_key_to_cryptography(decode_credential_public_key(cose)):
        case ec.EllipticCurvePublicKey() as key if isinstance(key.curve, ec.SECP256R1):
            return
        case rsa.RSAPublicKey() as key if key.key_size >= MIN_RSA_BITS:
            return
        case ed25519.Ed25519PublicKey():
            return
        case _:
            raise ValueError("the passkey's key is neither P-256, Ed25519 nor RSA of 2048 bits or more")


def _person_id(parameters: dict[str, Any], names: set[str] | None = None) -> str:
    if names is not None and parameters.keys() != names:
        raise ActMalformed(f"The act's parameters are {', '.join(sorted(names))}.")
    person_id = parameters.get("person_id")
    if not isinstance(person_id, str) or not 0 < len(person_id) <= 200:
        raise ActMalformed("The act needs person_id: a text of 1 to 200 characters.")
    return person_id


def _done(done: bool, otherwise: str) -> None:  # noqa: FBT001 -- the answer of the store
    if not done:
        raise ActMalformed(f"The person is {otherwise}.")
