"""The key that a person signs with."""

from dataclasses import dataclass
from typing import Any

from flask import session

from desk.services import Services
from desk.signing.service import Bearer

PERSONAL = "vn_congvu_canhan"


@dataclass(frozen=True, slots=True)
class SigningCredential:
    """``subject``: as the certificate says it."""

    credential_id: str
    description: str
    subject: str
    valid_to: str


def signing_credential(services: Services, caller: Bearer) -> SigningCredential | None:
    """The person's own active one; None when they have none. Remembered for the session."""
    kept: dict[str, Any] | None = session.get("credential")
    if kept:
        return SigningCredential(**kept)
    for one in services.service.credentials(caller):
        enabled = one.get("key", {}).get("status") == "enabled"
        if enabled and one.get("signatureQualifier") == PERSONAL:
            found = {
                "credential_id": str(one["credentialID"]),
                "description": str(one.get("description", "")),
                "subject": str(one.get("cert", {}).get("subjectDN", "")),
                "valid_to": str(one.get("cert", {}).get("validTo", ""))[:8],
            }
            session["credential"] = found
            return SigningCredential(**found)
    return None
