"""A person's certificates, as the signing service describes them (CSC API 2.0.0.2 §11.1)."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

DAY = 86400


@dataclass(frozen=True, slots=True)
class Certificate:
    """Names as in RFC 4514; ``status``: valid, expired, suspended or revoked; ``until``: Unix seconds."""

    credential_id: str
    description: str
    status: str
    usable: bool
    subject: str
    issuer: str
    serial: str
    until: int

    def days_left(self, now: int) -> int:
        """Whole days, none once it has ended."""
        return max(0, math.floor((self.until - now) / DAY))


def read_certificates(told: list[dict[str, Any]]) -> list[Certificate]:
    """Of credentials that have a certificate; those that can sign first."""
    found = [
        Certificate(
            credential_id=str(one["credentialID"]),
            description=str(one.get("description", "")),
            status=str(cert["status"]),
            usable=cert["status"] == "valid" and one["key"]["status"] == "enabled",
            subject=str(cert["subjectDN"]),
            issuer=str(cert["issuerDN"]),
            serial=str(cert["serialNumber"]),
            until=_moment(str(cert["validTo"])),
        )
        for one in told
        if "validTo" in (cert := one.get("cert", {}))
    ]
    return sorted(found, key=lambda each: (not each.usable, -each.until))


def _moment(generalized: str) -> int:
    """``YYYYMMDDHHMMSSZ``."""
    return int(datetime.strptime(generalized, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp())
