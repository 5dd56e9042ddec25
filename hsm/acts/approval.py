"""Approvals: proof that one actor agreed to exactly this act.

An ``Approval`` is what came over the wire; ``Approved`` is what is left when it has been checked
against the act's digest. Nothing that signs takes an ``Approval``.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from hsm.acts.act import SignAct
from hsm.acts.jose import VerifyingKey, unverified_header, verify_compact
from hsm.acts.ledger import Change
from hsm.errors import ApprovalRefused
from policies.model import Principal, PrincipalKind

ACT_TYPE = "antin-act+jws"
ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105 -- RFC 9068 §2.1
DETAIL_TYPE = "antin_sign"
SHA256_OID = "2.16.840.1.101.3.4.2.1"
CLOCK_LEEWAY = 10
MAX_TOKEN_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Approval:
    """As it came, unverified. ``kind``: passkey, client_jws, admin_jws, pin_otp or access_token."""

    kind: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Approved:
    """A verified approval of one act. ``token_id`` is the jti an access token is spent by.

    ``acr``: what a person's proof was worth. ``around`` adds to the change that reserves the grant what
    the proof itself needs in the same transaction: a passkey's counter. ``proof_key``: JSON of the public
    key that verified it, where an act's evidence is kept.
    """

    kind: str
    principal: Principal
    evidence_digest: bytes
    token_id: str = ""
    token_expires_at: int = 0
    acr: str = ""
    around: Callable[[Change], Change] | None = None
    proof_key: str = ""

    def bind(self, change: Change) -> Change:
        """``change`` with what the proof adds to it."""
        return self.around(change) if self.around else change


class Approvers(Protocol):
    """Who may approve: the registered keys. Each raises ApprovalRefused when there is none."""

    def get_client_key(self, kid: str) -> tuple[str, VerifyingKey]: ...
    def get_admin_key(self, kid: str) -> tuple[str, VerifyingKey]: ...
    def get_token_key(self, kid: str) -> VerifyingKey: ...


def verify_approval(
    approval: Approval,
    act: SignAct,
    act_bytes: bytes,
    approvers: Approvers,
    audience: "Audience",
    now: datetime,
) -> Approved:
    """Check that the approval approves exactly this act. Raises ApprovalRefused."""
    match approval.kind:
        case "client_jws":
            return _verify_client_jws(approval, act, act_bytes, approvers)
        case "access_token":
            return _verify_access_token(approval, act, approvers, audience, now)
        case _:
            raise ApprovalRefused("This kind of approval is not accepted.", detail=approval.kind[:50])


def verify_admin_approvals(
    approvals: Sequence[Approval], act_bytes: bytes, approvers: Approvers
) -> list[Approved]:
    """Check every administrator's approval of the act; one administrator counts once.

    Raises ApprovalRefused when any of them is not an approval of exactly these bytes.
    """
    approved: dict[str, Approved] = {}
    for approval in approvals:
        if approval.kind != "admin_jws":
            raise ApprovalRefused("Administrators approve by admin_jws.", detail=approval.kind[:50])
        admin_id, key = approvers.get_admin_key(unverified_header(approval.evidence)["kid"])
        _check_payload(verify_compact(approval.evidence, key, typ=ACT_TYPE), act_bytes)
        if admin_id in approved:
            raise ApprovalRefused("One administrator approved twice.", detail=admin_id)
        approved[admin_id] = Approved(
            "admin_jws",
            Principal(PrincipalKind.ADMIN, admin_id),
            _digest(approval.evidence),
            proof_key=orjson.dumps(key.key.as_dict(private=False)).decode(),
        )
    return list(approved.values())


@dataclass(frozen=True, slots=True)
class Audience:
    """Whose access tokens are believed (``issuer``), and for which resource (``resource``)."""

    issuer: str
    resource: str


def _verify_client_jws(approval: Approval, act: SignAct, act_bytes: bytes, approvers: Approvers) -> Approved:
    client_id, key = approvers.get_client_key(unverified_header(approval.evidence)["kid"])
    _check_payload(verify_compact(approval.evidence, key, typ=ACT_TYPE), act_bytes)
    # The key proves who approved; the act says for whom. Another client's key approves nothing here.
    if client_id != act.client_id:
        raise ApprovalRefused("The act is another client's.", detail=f"{client_id} approved")
    return Approved("client_jws", Principal(PrincipalKind.CLIENT, client_id), _digest(approval.evidence))


def _verify_access_token(
    approval: Approval, act: SignAct, approvers: Approvers, audience: Audience, now: datetime
) -> Approved:
    """RFC 9068 §4, then RFC 9396: the token must name this credential and these very files.

    A token bound to a key (RFC 7800) is none: whoever shows it must prove the key, which cannot be done here.
    """
    token = approval.evidence
    if len(token) > MAX_TOKEN_BYTES:
        raise ApprovalRefused("The access token is too large.")
    key = approvers.get_token_key(unverified_header(token)["kid"])
    claims = _claims(verify_compact(token, key, typ=ACCESS_TOKEN_TYPE))
    moment = now.timestamp()
    if claims.get("iss") != audience.issuer:
        raise ApprovalRefused("The access token is not ours.", detail="iss")
    if audience.resource not in _listed(claims.get("aud")):
        raise ApprovalRefused("The access token is for another service.", detail="aud")
    # Whatever it says, null too: a binding that is not checked must not be dropped.
    if "cnf" in claims:
        raise ApprovalRefused(
            "An access token bound to a key (cnf) is no approval: get one that is not bound, "
            "or approve by client_jws.",
            detail="cnf",
        )
    if not _number(claims, "iat") - CLOCK_LEEWAY <= moment < _number(claims, "exp"):
        raise ApprovalRefused("The access token has expired.", detail="exp")
    if claims.get("client_id") != act.client_id:
        raise ApprovalRefused("The access token is another client's.", detail="client_id")
    if not isinstance(claims.get("jti"), str) or not 0 < len(claims["jti"]) <= 200:
        raise ApprovalRefused("The access token has no jti.", detail="jti")
    _check_details(claims.get("authorization_details"), act)
    return Approved(
        "access_token",
        Principal(PrincipalKind.CLIENT, act.client_id),
        _digest(token),
        token_id=claims["jti"],
        token_expires_at=int(_number(claims, "exp")),
    )


def _check_details(details: object, act: SignAct) -> None:
    """Every item's source must be a document that the token names for this credential."""
    named: set[str] = set()
    for detail in details if isinstance(details, list) else []:
        if (
            isinstance(detail, dict)
            and detail.get("type") == DETAIL_TYPE
            and detail.get("credentialID") == act.credential_id
            and detail.get("hashAlgorithmOID") == SHA256_OID
        ):
            named |= {str(entry["hash"]) for entry in detail.get("documentDigests", [])}
    sources = [base64.b64encode(item.source).decode() for item in act.items if item.source]
    if len(sources) != len(act.items) or len(set(sources)) != len(sources) or not set(sources) <= named:
        raise ApprovalRefused(
            "The access token does not authorise this document for this credential.",
            detail="authorization_details",
        )


def _check_payload(payload: bytes, act_bytes: bytes) -> None:
    if not hmac.compare_digest(payload, act_bytes):
        raise ApprovalRefused("The approval is of another act.", detail="payload differs")


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        claims = orjson.loads(payload)
    except ValueError as error:
        raise ApprovalRefused("The access token is malformed.", detail="claims") from error
    if not isinstance(claims, dict):
        raise ApprovalRefused("The access token is malformed.", detail="claims")
    return claims


def _listed(audience: object) -> list[object]:
    return audience if isinstance(audience, list) else [audience]


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ApprovalRefused("The access token is malformed.", detail=name)
    return value


def _digest(evidence: str) -> bytes:
    return hashlib.sha256(evidence.encode()).digest()
