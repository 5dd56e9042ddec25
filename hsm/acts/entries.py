"""The journal's entries, as canonical JSON (RFC 8785): what a leaf says, and nothing personal.

Titles and names stay in the act, of which the leaf carries the digest; the act's random ``act_id``
keeps that digest from being guessed, so an act can be erased without touching the journal.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from hsm.acts.act import ActItem
from hsm.acts.canonical import canonical

PER_OUTCOME = 500


def signing_intent(
    *,
    now: int,
    act_digest: bytes,
    credential_id: str,
    client_id: str,
    algorithm: str,
    item: ActItem,
    position: int,
    to_be_signed: bytes,
    approval_kind: str,
    approval_digest: bytes,
    rules: Sequence[str],
    policy: int,
    asked: Mapping[str, Any],
    operation: dict[str, str] | None = None,
) -> bytes:
    """One signature about to be made. ``to_be_signed``: the SHA-256 that the key will sign.

    ``policy``: the version that allowed it; ``asked``: what it was asked (``hsm.acts.asked``);
    ``operation``: what it is in an office's course of documents (``standing.journalled``).
    """
    earlier = {"over": item.over.leaf_index} if item.over else {}
    typed = {"operation": operation} if operation else {}
    return canonical(
        {
            **typed,
            **earlier,
            "type": "intent",
            "time": now,
            "act": act_digest.hex(),
            "credential": credential_id,
            "client": client_id,
            "algorithm": algorithm,
            "digest": base64.b64encode(item.digest).decode(),
            "kind": item.kind,
            "tbs": base64.b64encode(to_be_signed).decode(),
            "approval": {"kind": approval_kind, "digest": approval_digest.hex()},
            "rules": list(rules),
            "policy": policy,
            "asked": dict(asked),
            "position": position,
        }
    )


def token_intent(
    *,
    now: int,
    credential_id: str,
    kid: str,
    algorithm: str,
    typ: str,
    to_be_signed: bytes,
    rules: Sequence[str],
    policy: int,
    asked: Mapping[str, Any],
) -> bytes:
    """One token of the identity provider about to be signed."""
    return canonical(
        {
            "type": "intent",
            "time": now,
            "credential": credential_id,
            "client": "idp",
            "algorithm": algorithm,
            "kind": "token",
            "token": {"kid": kid, "typ": typ},
            "tbs": base64.b64encode(to_be_signed).decode(),
            "rules": list(rules),
            "policy": policy,
            "asked": dict(asked),
        }
    )


def admin_intent(
    *,
    now: int,
    act_digest: bytes,
    action: str,
    approvers: Sequence[bytes],
    rules: Sequence[str],
    policy: int,
    told: Mapping[str, Any],
) -> bytes:
    """An administrative act about to be done; ``approvers`` are the digests of the approvals.

    ``told``: what else is said of it, nothing personal.
    """
    return canonical(
        {
            "type": "intent",
            "time": now,
            "act": act_digest.hex(),
            "kind": "admin",
            "action": action,
            "approvals": [digest.hex() for digest in approvers],
            "rules": list(rules),
            "policy": policy,
            **told,
        }
    )


def first_policy(*, now: int, bundle: str) -> bytes:
    """The policy that the ceremony began with; every later one is an act. ``bundle``: its digest, hex."""
    return canonical({"type": "policy", "time": now, "policy": 1, "bundle": bundle, "approved": "ceremony"})


def attempt(*, now: int, act_digest: bytes, approval_kind: str) -> bytes:
    """A try of a PIN about to be made for this act, right or wrong: written before it is looked at."""
    return canonical({"type": "attempt", "time": now, "act": act_digest.hex(), "kind": approval_kind})


def passkey_suspended(*, now: int, act_digest: bytes, passkey: bytes) -> bytes:
    """A passkey whose counter went back. Its id is random, so that the digest tells it to nobody."""
    return canonical(
        {
            "type": "suspended",
            "time": now,
            "act": act_digest.hex(),
            "kind": "passkey",
            "passkey": hashlib.sha256(passkey).hexdigest(),
        }
    )


def rewrap_intent(*, now: int, kek: str, credentials: Sequence[str]) -> bytes:
    """Keys that were wrapped anew under this KEK, about to be tried and put in place of the old blobs."""
    return canonical(
        {"type": "intent", "time": now, "kind": "rewrap", "kek": kek, "credentials": list(credentials)}
    )


def succeeded(*, now: int, signatures: Sequence[tuple[int, bytes]]) -> list[bytes]:
    """What became of intents: (leaf index, signature or result bytes). One leaf for up to 500 of them."""
    return _outcomes(
        now,
        [{"index": index, "signature": hashlib.sha256(value).hexdigest()} for index, value in signatures],
    )


def failed(*, now: int, indexes: Sequence[int], reason: str) -> list[bytes]:
    """Intents that led to no signature. ``reason``: the error's class, never its text."""
    return _outcomes(now, [{"index": index, "failed": reason} for index in indexes])


def _outcomes(now: int, intents: Sequence[dict[str, int | str]]) -> list[bytes]:
    # C2SP tlog-tiles gives an entry's length 16 bits; 10,000 outcomes in one leaf would not fit.
    return [
        canonical({"type": "outcome", "time": now, "intents": list(intents[start : start + PER_OUTCOME])})
        for start in range(0, len(intents), PER_OUTCOME)
    ]
