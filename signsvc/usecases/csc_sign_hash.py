"""Sign hashes that a SAD authorises: in the request's order, repetitions and all.

The key process finds each hash among what is left of the grant, and compares client and credential.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hsm.client import (
    ActMalformed,
    ApprovalRefused,
    CredentialNotUsable,
    Grant,
    GrantRefused,
    Item,
    KeyProcess,
    Signed,
)
from signsvc.usecases.csc_refusal import CscRefused, invalid


@dataclass(frozen=True, slots=True)
class CscSign:
    """Raises CscRefused and what the key process raises when it is away."""

    key_process: Callable[[], KeyProcess]

    def __call__(
        self, client_id: str, credential_id: str, sad: str, items: Sequence[Item], *, salt_length: int = 0
    ) -> list[Signed]:
        """One signature an item, all or none. ``salt_length``: for RSASSA-PSS, bytes; 0: as the hash."""
        try:
            return self.key_process().sign(
                items, sad=sad, client_id=client_id, credential_id=credential_id, salt_length=salt_length
            )
        except (GrantRefused, ApprovalRefused, ActMalformed, CredentialNotUsable) as error:
            raise sad_refused(error) from error

    def extend(self, client_id: str, credential_id: str, sad: str, digests: Sequence[bytes]) -> Grant:
        """A new SAD for what is left; the old one ends."""
        try:
            return self.key_process().extend(
                sad, client_id=client_id, credential_id=credential_id, digests=digests
            )
        except (GrantRefused, ApprovalRefused, ActMalformed, CredentialNotUsable) as error:
            raise sad_refused(error) from error


def sad_refused(error: GrantRefused | ApprovalRefused | ActMalformed | CredentialNotUsable) -> CscRefused:
    """In the standard's words."""
    if isinstance(error, CredentialNotUsable):
        return CscRefused("The credential identified by credentialID is disabled", detail=error.message)
    match getattr(error, "reason", ""):
        case "expired":
            return CscRefused("SAD expired")
        case "digest":
            return CscRefused("Hash is not authorized by the SAD")
        case reason:
            return invalid("SAD", detail=reason or error.message)
