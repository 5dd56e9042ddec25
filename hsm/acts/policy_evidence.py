"""Was this policy approved? Checked from its stored evidence, each time it is loaded.

A row that says so proves nothing: whoever can write the database can write it. What is believed:

    1  the token's seal over the row
    2  the files, which must have the digest that the act names
    3  the act, which must be of this version
    4  each approval, verified again with the public key it was verified with then: one administrator's
       own key, and the passkey of another
    5  the journal, which must have the act's intent, with these approvals, where the row says
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from hsm.acts.act import act_digest, parse_admin_act
from hsm.acts.approval import ACT_TYPE, Approved
from hsm.acts.canonical import canonical
from hsm.acts.jose import import_verifying_key, verify_compact
from hsm.acts.passkey import check_assertion, passkey_of
from hsm.acts.row_seals import RowNotSealed, RowSeals, SealedRow
from hsm.errors import HsmError
from hsm.policy_store import StoredVersion
from policies.bundle import Bundle, bundle_digest, parse_bundle
from policies.errors import PolicyError
from policies.model import ActionName

ReadEntry = Callable[[int], bytes]
CEREMONY = "ceremony"


class PolicyNotApproved(HsmError):
    """What is stored as a policy in force was not approved as it stands."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One approval as it is kept. ``key``: JSON of the public key that verified it."""

    kind: str
    approver: str
    key: str
    evidence: str


def evidence_of(approved: Sequence[tuple[Approved, str]]) -> str:
    """What a version's row keeps of its approvals: (what was verified, its evidence as it came)."""
    kept = [
        {"kind": one.kind, "approver": one.principal.id, "key": one.proof_key, "evidence": evidence}
        for one, evidence in approved
    ]
    return canonical(kept).decode()


def version_row(stored: StoredVersion) -> SealedRow:
    """What the token seals of a version: all of it."""
    members: dict[str, Any] = {
        "bundle": stored.bundle,
        "act": hashlib.sha256(stored.act).hexdigest(),
        "approvals": hashlib.sha256(stored.approvals.encode()).hexdigest(),
        "activated_at": stored.activated_at,
    }
    if stored.act:
        # The ceremony's own gets its leaf later, from the key process's first start.
        members["leaf"] = stored.leaf_index
    return SealedRow(f"policy_version/{stored.version}", canonical(members))


def check_version(
    stored: StoredVersion, files: Mapping[str, Any] | None, seals: RowSeals, read_entry: ReadEntry
) -> Bundle:
    """The bundle, when all five hold. Raises PolicyNotApproved, TokenError, StoreUnavailable."""
    # 1. The token's seal.
    try:
        seals.check(version_row(stored), stored.seal)
    except RowNotSealed as error:
        raise _refused(stored, "the token did not seal this row") from error
    # 2. The files.
    bundle = check_files(stored.bundle, files)
    if stored.version == 1 and not stored.act:
        return bundle  # the ceremony's: those who held it agreed to its digest
    # 3. The act.
    try:
        act = parse_admin_act(stored.act)
    except HsmError as error:
        raise _refused(stored, "its act cannot be read") from error
    named = (act.action, act.parameters.get("version"), act.parameters.get("bundle"))
    if named != (ActionName.ACTIVATE_POLICY, stored.version, stored.bundle):
        raise _refused(stored, "its act is of another version or bundle")
    # 4. The approvals.
    approvals = [Evidence(**one) for one in orjson.loads(stored.approvals)]
    try:
        for one in approvals:
            _verify_again(one, stored.act)
    except HsmError as error:
        raise _refused(stored, f"an approval does not verify: {error.detail}") from error
    check_two(stored.version, [(one.kind, one.approver) for one in approvals])
    # 5. The journal.
    _check_entry(stored, approvals, read_entry)
    return bundle


def check_files(digest: str, files: Mapping[str, Any] | None) -> Bundle:
    """The bundle of this digest. Raises PolicyNotApproved."""
    if files is None or not all(isinstance(text, str) for text in files.values()):
        raise PolicyNotApproved("The policy's files are missing.", detail=digest)
    if bundle_digest(files) != digest:
        raise PolicyNotApproved("The policy's files are not those that were approved.", detail=digest)
    try:
        return parse_bundle(files)
    except (PolicyError, KeyError) as error:
        raise PolicyNotApproved("The policy's files cannot be used.", detail=str(error)) from error


def check_two(version: int, approvals: Sequence[tuple[str, str]]) -> None:
    """One administrator's own key, and another's passkey; nobody twice. Raises PolicyNotApproved.

    In the code and not in the rules alone: the rules are what is being changed.
    """
    approvers = [approver for _, approver in approvals]
    if len(set(approvers)) != len(approvers):
        raise PolicyNotApproved("One administrator approved twice.", detail=f"version {version}")
    if {kind for kind, _ in approvals} != {"admin_jws", "passkey"}:
        raise PolicyNotApproved(
            "A policy needs its proposer's approval and the passkey of another administrator.",
            detail=f"version {version}",
        )


def _verify_again(one: Evidence, act: bytes) -> None:
    if one.kind == "admin_jws":
        if verify_compact(one.evidence, import_verifying_key(orjson.loads(one.key)), typ=ACT_TYPE) != act:
            raise PolicyNotApproved("The approval is of another act.", detail="payload differs")
        return
    passkey, webauthn = passkey_of(one.key)
    check_assertion(orjson.loads(one.evidence), passkey, act_digest(act), webauthn)


def _check_entry(stored: StoredVersion, approvals: Sequence[Evidence], read_entry: ReadEntry) -> None:
    entry = orjson.loads(read_entry(stored.leaf_index)) if stored.leaf_index is not None else {}
    expected = {
        "type": "intent",
        "action": ActionName.ACTIVATE_POLICY.value,
        "act": act_digest(stored.act).hex(),
        "approvals": [hashlib.sha256(one.evidence.encode()).hexdigest() for one in approvals],
    }
    if {name: entry.get(name) for name in expected} != expected:
        raise _refused(stored, "the journal does not have its act")


def _refused(stored: StoredVersion, detail: str) -> PolicyNotApproved:
    return PolicyNotApproved(
        f"Version {stored.version} of the policy was not approved as it is stored.", detail=detail
    )
