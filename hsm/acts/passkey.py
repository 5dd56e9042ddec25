"""``passkey``: a WebAuthn assertion whose challenge is exactly the act's digest.

Checked here, against the passkeys enrolled here, so that neither the web nor the identity provider can
make one up (WebAuthn Level 3 §7.2). What ties it to the act is the challenge; what keeps another site
from asking for it is the origin, so the identity provider's login page must not be among the origins.
"""

import hashlib
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection
from webauthn import verify_authentication_response
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json
from webauthn.helpers.structs import CredentialDeviceType

from hsm import people
from hsm.acts import entries, grant
from hsm.acts.act import SignAct, act_digest, parse_admin_act
from hsm.acts.approval import Approved
from hsm.acts.directory import KnownCredential
from hsm.acts.ledger import Change, Ledger
from hsm.acts.row_seals import RowSeals, passkey_row
from hsm.database import Database
from hsm.errors import ApprovalRefused
from hsm.people import StoredPasskey
from hsm.store import StoredCredential
from policies.model import Principal, PrincipalKind

MAX_EVIDENCE = 64 * 1024
KEPT_SECONDS = 30.0
MOST_KEPT = 50_000
# What the SDK's software passkey calls itself; it is for development, tests and training only.
SOFTWARE_AAGUID = "616e7469-6e2d-6d61-752d-736f66742d31"  # the bytes "antin-mau-soft-1"
_NO_APPROVAL = "The passkey does not approve this act."
_LATE = "The passkey approved something else since: approve a new act."


@dataclass(frozen=True, slots=True)
class WebAuthn:
    """For whom passkeys are (``rp_id``), on which pages acts are approved (``origins``).

    ``software``: whether the software passkey is enrolled at all, and approves for training credentials.
    ``software_administers``: whether it has a part in administrative acts too; in development alone.
    """

    rp_id: str
    origins: tuple[str, ...]
    software: bool = False
    software_administers: bool = False


class Passkeys:
    """Verifies AuthenticationResponseJSON (WebAuthn Level 3 §5.1). Thread-safe."""

    def __init__(self, database: Database, ledger: Ledger, webauthn: WebAuthn, seals: RowSeals) -> None:
        self._seals = seals
        self._database = database
        self._ledger = ledger
        self._webauthn = webauthn
        self._kept: dict[bytes, tuple[float, StoredPasskey]] = {}

    def verify(
        self, evidence: str, act: SignAct, act_bytes: bytes, known: KnownCredential, now: datetime
    ) -> Approved:
        """Check the assertion against its person's passkey and the act's digest. Raises ApprovalRefused.

        The person is the holder; of an organisation's seal, the clerk who has it.
        """
        response, credential_id = _parse(evidence)
        passkey = self._get_passkey(credential_id, training=known.stored.training)
        if passkey.person_id != _person_of(known.stored):
            raise _refused("another's passkey")
        return self._approved(evidence, response, passkey, act_bytes, act.issued_at, now)

    def verify_consent(self, evidence: str, act_bytes: bytes, now: datetime, *, training: bool) -> Approved:
        """A person's part in an administrative act, whoever it is. Raises ApprovalRefused.

        ``training``: whether the act is about a training credential.
        """
        response, credential_id = _parse(evidence)
        passkey = self._get_passkey(credential_id, training=training)
        if passkey.aaguid == SOFTWARE_AAGUID and not self._webauthn.software_administers:
            raise _refused("a software passkey in an administrative act")
        issued_at = parse_admin_act(act_bytes).issued_at
        approved = self._approved(evidence, response, passkey, act_bytes, issued_at, now)
        return replace(approved, proof_key=proof_key_of(passkey, response))

    def _approved(
        self,
        evidence: str,
        response: dict[str, Any],
        passkey: StoredPasskey,
        act_bytes: bytes,
        issued_at: int,
        now: datetime,
    ) -> Approved:
        credential_id = passkey.credential_id
        digest = act_digest(act_bytes)
        count, backed_up = check_assertion(response, passkey, digest, self._webauthn)

        def around(change: Change) -> Change:
            return lambda connection: self._redeem(
                connection, change, credential_id, digest, issued_at, count, backed_up, int(now.timestamp())
            )

        return Approved(
            "passkey",
            Principal(PrincipalKind.PERSON, passkey.person_id),
            hashlib.sha256(evidence.encode()).digest(),
            acr="aal2" if backed_up else passkey.acr,
            around=around,
        )

    def _get_passkey(self, credential_id: bytes, *, training: bool) -> StoredPasskey:
        passkey = self._find_passkey(credential_id)
        if passkey is None or not passkey.usable:
            raise _refused("unknown" if passkey is None else f"{passkey.state}, {passkey.person_state}")
        if passkey.aaguid == SOFTWARE_AAGUID and not (self._webauthn.software and training):
            raise _refused("a software passkey outside training")
        return passkey

    def _find_passkey(self, credential_id: bytes) -> StoredPasskey | None:
        """Kept for a while: a key never changes, and what does is looked at again when it is redeemed."""
        moment = time.monotonic()
        kept = self._kept.get(credential_id)
        if kept is not None and moment - kept[0] < KEPT_SECONDS:
            return kept[1]
        with self._database.reading() as connection:
            passkey = people.find_passkey(connection, credential_id)
        if passkey is not None and passkey.usable:
            self._seals.check(passkey_row(passkey), passkey.seal)
        if passkey is not None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[credential_id] = (moment, passkey)
        return passkey

    def _redeem(
        self,
        connection: Connection,
        change: Change,
        credential_id: bytes,
        digest: bytes,
        issued_at: int,
        count: int,
        backed_up: bool,  # noqa: FBT001 -- a flag of the authenticator
        now: int,
    ) -> None:
        """The counter moves in the transaction that reserves the rows: both or neither."""
        passkey = people.lock_passkey(connection, credential_id)
        if passkey is None or not passkey.usable:
            raise _refused("retired or suspended meanwhile")
        # Level 3 §6.1.1: it must grow, unless the authenticator has none.
        grew = count > passkey.sign_count or count == passkey.sign_count == 0
        if not grew and not grant.is_known(connection, digest):
            if count != passkey.sign_count and issued_at < passkey.counted_at:
                # The act is older than the last approval: given before that one, it may have come after it.
                raise _refused(f"counter {count} after {passkey.sign_count}: late", _LATE)
            # Somebody has a copy of it. Queued behind this transaction, since what raises leaves nothing;
            # whoever hears of the refusal waits for it.
            self._ledger.enter_later(
                [entries.passkey_suspended(now=now, act_digest=digest, passkey=credential_id)],
                change=lambda later: _suspend(later, credential_id),
            )
            raise _refused(f"counter {count} after {passkey.sign_count}: suspended")
        # An act that came before is repeated, not cloned; whether it may still sign, its rows say.
        change(connection)
        if grew and (count, backed_up) != (passkey.sign_count, passkey.backup_state):
            people.advance_passkey(
                connection, credential_id, sign_count=count, backup_state=backed_up, now=now
            )


def check_assertion(
    response: dict[str, Any], passkey: StoredPasskey, digest: bytes, webauthn: WebAuthn
) -> tuple[int, bool]:
    """All of Level 3 §7.2 but the counter, which is the store's; (counter, backup state).

    Raises ApprovalRefused.
    """
    if passkey.rp_id != webauthn.rp_id or not webauthn.origins:
        raise _refused("no origin, or enrolled for another RP id")
    try:
        verified = verify_authentication_response(
            credential=response,
            expected_challenge=digest,
            expected_rp_id=webauthn.rp_id,
            expected_origin=list(webauthn.origins),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        check_not_framed(base64url_to_bytes(response["response"]["clientDataJSON"]))
    except ApprovalRefused:
        raise
    except Exception as error:
        # The library's errors share no root with those of its parsers. Whatever it is, it is no approval.
        raise _refused(f"{type(error).__name__}: {error}") from error
    # Level 3 §6.1.3: eligibility never changes. It decides the level, so a lie about it must not pass.
    if (verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE) != passkey.backup_eligible:
        raise _refused("backup eligibility changed")
    return verified.new_sign_count, verified.credential_backed_up


def proof_key_of(passkey: StoredPasskey, response: dict[str, Any]) -> str:
    """JSON of what verifies this assertion again later, whatever becomes of rows and settings."""
    client_data = parse_client_data_json(base64url_to_bytes(response["response"]["clientDataJSON"]))
    return orjson.dumps(
        {
            "credential_id": bytes_to_base64url(passkey.credential_id),
            "public_key": bytes_to_base64url(passkey.public_key),
            "backup_eligible": passkey.backup_eligible,
            "rp_id": passkey.rp_id,
            "origin": client_data.origin,
        }
    ).decode()


def passkey_of(proof_key: str) -> tuple[StoredPasskey, WebAuthn]:
    """The two from ``proof_key_of``, as far as ``check_assertion`` asks."""
    key = orjson.loads(proof_key)
    passkey = StoredPasskey(
        credential_id=base64url_to_bytes(key["credential_id"]),
        person_id="",
        public_key=base64url_to_bytes(key["public_key"]),
        sign_count=0,
        backup_eligible=key["backup_eligible"],
        backup_state=False,
        aaguid="",
        transports="",
        rp_id=key["rp_id"],
        state="",
        created_at=0,
    )
    return passkey, WebAuthn(key["rp_id"], (key["origin"],))


def check_not_framed(client_data: bytes) -> None:
    """Raise ApprovalRefused for a ceremony in a frame of another site: who saw what, nobody knows."""
    if parse_client_data_json(client_data).cross_origin:
        raise _refused("crossOrigin")


def _person_of(stored: StoredCredential) -> str:
    if stored.holder_kind == PrincipalKind.PERSON:
        return stored.holder
    return stored.custodian


def _suspend(connection: Connection, credential_id: bytes) -> None:
    people.suspend_passkey(connection, credential_id)


def _parse(evidence: str) -> tuple[dict[str, Any], bytes]:
    try:
        if len(evidence) > MAX_EVIDENCE:
            raise ValueError("too large")
        response = orjson.loads(evidence)
        return response, base64url_to_bytes(response["id"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _refused("evidence malformed") from error


def _refused(detail: str, message: str = _NO_APPROVAL) -> ApprovalRefused:
    return ApprovalRefused(message, detail=detail)
