"""Whose key a token is bound to (RFC 7800 ``cnf``): by DPoP (RFC 9449 §6) or by certificate (RFC 8705 §3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Confirmation:
    """``jkt``: RFC 7638 SHA-256 thumbprint of the DPoP key. ``x5t``: SHA-256 of the certificate's DER.

    Both base64url; "" for none.
    """

    jkt: str = ""
    x5t: str = ""

    @property
    def token_type(self) -> str:
        return "DPoP" if self.jkt else "Bearer"

    @property
    def kind(self) -> str:
        """For the record: dpop, mtls or bearer."""
        return "dpop" if self.jkt else "mtls" if self.x5t else "bearer"

    def claims(self) -> dict[str, Any]:
        """``{"cnf": …}``, or nothing."""
        members = {"jkt": self.jkt, "x5t#S256": self.x5t}
        bound = {name: value for name, value in members.items() if value}
        return {"cnf": bound} if bound else {}

    def covers(self, bound: "Confirmation") -> bool:
        """Whether who showed this holds the key that ``bound`` names. Nothing bound: anybody does."""
        return (not bound.jkt or bound.jkt == self.jkt) and (not bound.x5t or bound.x5t == self.x5t)


UNBOUND = Confirmation()


def confirmation_of(claims: Mapping[str, Any]) -> Confirmation:
    """What a token of ours is bound to."""
    cnf = claims.get("cnf") or {}
    return Confirmation(str(cnf.get("jkt", "")), str(cnf.get("x5t#S256", "")))
