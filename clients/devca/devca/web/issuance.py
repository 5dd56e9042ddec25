"""Issue and revoke: for holders of the bearer secret."""

import secrets
from collections.abc import Callable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Blueprint, request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from devca.ceremony import Authority
from devca.errors import NotAuthorised, RequestRefused
from devca.index import serial_text
from devca.issue import issue


class IssueRequest(BaseModel):
    """Times are Unix seconds or RFC 3339."""

    model_config = ConfigDict(extra="forbid")

    csr: str
    profile: str
    dns_names: list[str] = Field(default_factory=list)
    ip_addresses: list[str] = Field(default_factory=list)
    not_before: AwareDatetime | None = None
    not_after: AwareDatetime | None = None


class RevokeRequest(BaseModel):
    """``serial``: hexadecimal. ``reason``: as RFC 5280 §5.3.1 spells it."""

    model_config = ConfigDict(extra="forbid")

    serial: str = Field(pattern=r"^[0-9a-fA-F]{1,40}$")
    reason: str = "unspecified"


def check_secret(secret: str) -> None:
    """Raises NotAuthorised unless the request carries the bearer secret."""
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    if not secrets.compare_digest(given, f"Bearer {secret}".encode()):
        raise NotAuthorised(
            "Cần gửi bí mật cấp chứng thư: Authorization: Bearer <nội dung tệp issue-secret>.",
            "Send the issuing secret: Authorization: Bearer <contents of issue-secret>.",
        )


def blueprint(authority: Authority, clock: Callable[[], datetime]) -> Blueprint:
    routes = Blueprint("issuance", __name__)

    @routes.post("/issue")
    def issue_certificate() -> tuple[dict[str, object], int]:
        check_secret(authority.secret)
        body = IssueRequest.model_validate_json(request.get_data())
        chain = issue(
            authority,
            body.csr,
            body.profile,
            now=clock(),
            not_before=body.not_before,
            not_after=body.not_after,
            dns_names=body.dns_names,
            ip_addresses=body.ip_addresses,
        )
        return {
            "serial": serial_text(chain[0].serial_number),
            "chain": [certificate.public_bytes(Encoding.PEM).decode() for certificate in chain],
        }, 201

    @routes.post("/revoke")
    def revoke_certificate() -> dict[str, str]:
        check_secret(authority.secret)
        body = RevokeRequest.model_validate_json(request.get_data())
        authority.index.revoke(int(body.serial, 16), _reason(body.reason), now=clock())
        return {"serial": serial_text(int(body.serial, 16)), "state": "revoked"}

    return routes


def _reason(name: str) -> x509.ReasonFlags:
    # A hold is not offered: it would need its release too.
    known = {
        flag.value: flag
        for flag in x509.ReasonFlags
        if flag not in (x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl)
    }
    if name not in known:
        names = ", ".join(known)
        raise RequestRefused(f"Lý do phải là một trong: {names}.", f"The reason must be one of: {names}.")
    return known[name]
