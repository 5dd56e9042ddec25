"""Rows that say whose approval key is whose, sealed by the token.

Whoever can write the database can write such a row, and can't make its seal: the key for it never leaves
the token. A row that ended (retired, suspended) loses its seal, so that setting its state back revives
nothing. What a seal can't tell is an old row put back whole; the journal has the act that ended it.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import structlog

from hsm.acts.canonical import canonical
from hsm.acts.factors import Sealer
from hsm.errors import ApprovalRefused, MechanismRefused
from hsm.people import StoredPasskey
from hsm.store import StoredAdmin, StoredClientKey

ROWS_KEY = "rows-1"
REMEMBERED = 50_000
log = structlog.get_logger("hsm")


class RowNotSealed(ApprovalRefused):
    """The token did not seal this row as it is: somebody else wrote it, or changed it."""


@dataclass(frozen=True, slots=True)
class SealedRow:
    """``name``: table and key, the seal's context; ``data``: all that must not change, canonical JSON."""

    name: str
    data: bytes

    @property
    def context(self) -> bytes:
        return b"antin/row/" + self.name.encode()


class RowSeals:
    """Seals and checks. Thread-safe; a row that was checked is not brought to the token again."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._checked = lru_cache(maxsize=REMEMBERED)(self._check)

    def seal(self, row: SealedRow) -> bytes:
        """Raises TokenError."""
        return self._sealer.seal(ROWS_KEY, hashlib.sha256(row.data).digest(), row.context)

    def check(self, row: SealedRow, seal: bytes | None) -> None:
        """Raises RowNotSealed; TokenError when the token can't say."""
        try:
            if seal is None:
                raise RowNotSealed("The proof is by a key that is not registered.", detail=row.name)
            self._checked(row, seal)
        except RowNotSealed:
            log.error("row_not_sealed", row=row.name)  # noqa: TRY400 -- what and where, not how
            raise

    def _check(self, row: SealedRow, seal: bytes) -> None:
        try:
            opened = self._sealer.unseal(ROWS_KEY, seal, row.context)
        except MechanismRefused as error:
            raise RowNotSealed(
                "The proof is by a key that is not registered.", detail=f"{row.name}: {error.detail}"
            ) from error
        if opened != hashlib.sha256(row.data).digest():
            raise RowNotSealed("The proof is by a key that is not registered.", detail=row.name)


def admin_row(stored: StoredAdmin) -> SealedRow:
    """An administrator: key, and the person whose passkeys are theirs."""
    return _row("admin", stored.admin_id, {"kid": stored.kid, "jwk": stored.jwk, "person": stored.person_id})


def client_key_row(stored: StoredClientKey) -> SealedRow:
    return _row("client_key", stored.kid, {"client": stored.client_id, "jwk": stored.jwk})


def passkey_row(stored: StoredPasskey) -> SealedRow:
    """What never changes of a passkey. Its counter is the authenticator's word, not ours."""
    return _row(
        "passkey",
        _text(stored.credential_id),
        {
            "person": stored.person_id,
            "public_key": _text(stored.public_key),
            "backup_eligible": stored.backup_eligible,
            "aaguid": stored.aaguid,
            "rp_id": stored.rp_id,
        },
    )


def _row(table: str, key: str, members: Mapping[str, object]) -> SealedRow:
    return SealedRow(f"{table}/{key}", canonical(dict(members)))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
