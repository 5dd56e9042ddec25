"""Which credentials a bearer may see, and use.

A client sees its own. Of people it sees those whose id it names: their own approval alone opens them. A
token that is a person's sees that person's, and nobody else's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from hsm.client import Credential, CredentialNotUsable, KeyProcess
from signsvc.usecases.csc_refusal import CscRefused, invalid
from signsvc.usecases.known_credentials import KnownCredential, KnownCredentials


@dataclass(frozen=True, slots=True)
class Bearer:
    """``person_id``: whose token it is; empty when it is the client's own."""

    client_id: str
    person_id: str = ""


@dataclass(frozen=True, slots=True)
class CscCredentials:
    """Raises CscRefused, KeyProcessUnavailable."""

    key_process: Callable[[], KeyProcess]
    known: KnownCredentials

    def find(self, bearer: Bearer, user_id: str | None) -> list[Credential]:
        """``user_id``: a person, for a client's own token only."""
        if bearer.person_id:
            if user_id is not None:
                raise CscRefused("userID parameter MUST be null")
            return self.key_process().credentials(bearer.person_id, holder_kind="Person")
        if user_id is not None:
            return self.key_process().credentials(user_id, holder_kind="Person")
        return self.key_process().credentials(bearer.client_id)

    def get(self, bearer: Bearer, credential_id: str) -> Credential:
        """In whatever state. Another's and an unknown one are told apart by nobody."""
        try:
            found = self.key_process().credential(credential_id)
        except CredentialNotUsable as error:
            raise invalid("credentialID", detail="unknown") from error
        if not _may_see(bearer, found):
            raise invalid("credentialID", detail="another holder's")
        return found

    def get_usable(self, bearer: Bearer, credential_id: str, version: str, now: datetime) -> KnownCredential:
        """Active, its certificate valid now. Kept for moments: the key process checks it again."""
        try:
            known = self.known.get(bearer.client_id, credential_id)
        except CredentialNotUsable as error:
            found = self.get(bearer, credential_id)
            raise disabled(found, version, now) from error
        if not _may_see(bearer, known.facts):
            raise invalid("credentialID", detail="another holder's")
        if not is_valid(known.facts, now):
            raise disabled(known.facts, version, now)
        return known


def _may_see(bearer: Bearer, found: Credential) -> bool:
    if found.purpose == "token":
        return False
    if bearer.person_id:
        return (found.holder_kind, found.holder) == ("Person", bearer.person_id)
    return found.holder_kind == "Person" or found.holder == bearer.client_id


def is_valid(found: Credential, now: datetime) -> bool:
    """Whether its certificate is valid now; revocation is the state's."""
    return bool(found.certificates) and found.not_before <= now.timestamp() <= found.not_after


def disabled(found: Credential, version: str, now: datetime) -> CscRefused:
    """Why a credential cannot be used."""
    if found.state == "active" and not is_valid(found, now):
        if version != "v1" or not found.certificates:
            return CscRefused("Signing certificate is expired")
        subject = x509.load_der_x509_certificate(found.certificates[0]).subject.rfc4514_string()
        return CscRefused(f"Signing certificate '{subject}' is expired")
    return CscRefused("The credential identified by credentialID is disabled", detail=found.state)
