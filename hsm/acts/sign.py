"""Signing in eight steps. The order is the security: nothing here may be moved without a reason.

::

    1 find the credential: active, its certificate valid now
    2 check the approval against the act's digest
    3 ask the policy; keep the ids of the rules that decided
    4 reserve the grant rows: all or none
    5 journal the intent                    (with 4, in one durable transaction)
    6 use the key
    7 verify the signature before it leaves
    8 journal the outcome, mark the rows used, return signatures and receipts
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Protocol

from hsm.acts import entries, grant
from hsm.acts.act import SignAct, act_digest, parse_sign_act
from hsm.acts.approval import Approval, Approved, Audience, verify_approval
from hsm.acts.ask_policy import Allowed, Policy, ask_policy
from hsm.acts.directory import Directory, KnownCredential
from hsm.acts.grant import GrantRow
from hsm.acts.ledger import Change, Entered, Ledger
from hsm.acts.quotas import Spending
from hsm.acts.redeem import Redeemer, check_positions, find_positions, get_granted
from hsm.acts.standing import Standing, journalled
from hsm.acts.to_be_signed import ItemToSign, check_salt, named_digest, to_be_signed
from hsm.acts.verify_signature import verify_signature
from hsm.algorithms import PSS_SALT
from hsm.database import Database
from hsm.errors import ActMalformed, ApprovalRefused, CredentialNotUsable, GrantRefused
from policies.office_life import RoleFacts

CLOCK_LEEWAY = 60


class UseKey(Protocol):
    """Step 6: sign each of ``datas`` with the credential's key, in order. Raises TokenError."""

    def __call__(
        self, known: KnownCredential, datas: Sequence[bytes], salt_length: int = PSS_SALT
    ) -> Iterable[bytes]: ...


class VerifyPerson(Protocol):
    """Step 2 for one kind of people's approvals. Raises ApprovalRefused, TokenError."""

    def __call__(
        self, evidence: str, act: SignAct, act_bytes: bytes, known: KnownCredential, now: datetime
    ) -> Approved: ...


@dataclass(frozen=True, slots=True)
class MadeSignature:
    """One verified signature, its leaf, and (when asked) its receipt."""

    value: bytes
    leaf_index: int
    entry: bytes
    proof: str


@dataclass(frozen=True, slots=True)
class IssuedGrant:
    sad: str
    expires_at: int
    act_digest: bytes


@dataclass(frozen=True, slots=True)
class _Reserved:
    """What steps 1 to 3 established: all that 4 to 8 need."""

    act: SignAct
    digest: bytes
    known: KnownCredential
    approved: Approved
    allowed: Allowed
    positions: tuple[int, ...]
    to_be_signed: tuple[bytes, ...]
    change: Change
    role: RoleFacts
    salt_length: int = PSS_SALT


class Signing:
    """The one way to a signature on a document or a hash. Thread-safe.

    ``people``: how people's approvals are verified, by kind; a kind that is not there approves nothing.
    """

    def __init__(
        self,
        *,
        database: Database,
        directory: Directory,
        policy: Policy,
        ledger: Ledger,
        use_key: UseKey,
        audience: Audience,
        people: Mapping[str, VerifyPerson] = MappingProxyType({}),
    ) -> None:
        self._people = people
        self._database = database
        self._directory = directory
        self._policy = policy
        self._ledger = ledger
        self._use_key = use_key
        self._audience = audience
        self._standing = Standing(database, ledger)

    def authorize(self, act_bytes: bytes, approval: Approval, *, now: datetime) -> IssuedGrant:
        """Steps 1 to 3; the grant is written and its SAD returned. Raises HsmError."""
        act, _known, approved, allowed, _role = self._approve(act_bytes, approval, now)
        row = _row(act, act_bytes, approved, allowed)
        sad = grant.new_sad()
        sources = [item.source for item in act.items]
        change = partial(grant.authorize, row=row, sad=sad, sources=sources)
        self._redeem([], approved.bind(change))
        return IssuedGrant(sad, act.expires_at, row.act_digest)

    def sign_approved(
        self,
        act_bytes: bytes,
        approval: Approval,
        items: Sequence[ItemToSign],
        *,
        now: datetime,
        with_receipts: bool = False,
    ) -> list[MadeSignature]:
        """All eight steps at once: signatures for all the act's items, in their order. Raises HsmError."""
        act, known, approved, allowed, role = self._approve(act_bytes, approval, now)
        positions = range(len(act.items))
        row = _row(act, act_bytes, approved, allowed)
        reserved = _Reserved(
            act=act,
            digest=row.act_digest,
            known=known,
            approved=approved,
            allowed=allowed,
            positions=tuple(positions),
            to_be_signed=to_be_signed(act, positions, items, known),
            change=approved.bind(
                partial(
                    grant.reserve_new,
                    row=row,
                    positions=positions,
                    sources=[item.source for item in act.items],
                )
            ),
            role=role,
        )
        return self._perform(reserved, now, with_receipts)

    def extend(self, sad: str, redeemer: Redeemer, digests: Sequence[bytes], *, now: datetime) -> IssuedGrant:
        """Another SAD for what is left of a grant; ``sad`` ends. Raises HsmError."""
        stored, act = get_granted(self._database, sad, redeemer, now)
        self._usable_credential(act, now)
        find_positions(self._database, stored, act, digests)
        fresh = grant.new_sad()
        change = partial(grant.replace_sad, act_digest=stored.act_digest, old=sad, new=fresh)
        self._ledger.enter([], change=change)
        return IssuedGrant(fresh, stored.expires_at, stored.act_digest)

    def sign_granted(
        self,
        sad: str,
        redeemer: Redeemer,
        items: Sequence[ItemToSign],
        *,
        positions: Sequence[int] = (),
        salt_length: int = PSS_SALT,
        now: datetime,
        with_receipts: bool = False,
    ) -> list[MadeSignature]:
        """Redeem a SAD for some (or all) of the act's items: the policy is asked again. Raises HsmError."""
        stored, act = get_granted(self._database, sad, redeemer, now)
        named = [] if positions else [named_digest(item) for item in items]
        chosen = check_positions(act, positions) or find_positions(self._database, stored, act, named)
        known = self._usable_credential(act, now)
        check_salt(known, salt_length)
        # 3 once more: since the SAD was given out, another policy may have come into force, a mandate been
        # revoked, a post ended, a seal handed over. What allows it now is what the journal names.
        role = self._standing.facts(act, known, now)
        allowed = ask_policy(self._policy, act, known, stored.approved, role, now)
        reserved = _Reserved(
            act=act,
            digest=stored.act_digest,
            known=known,
            approved=stored.approved,
            allowed=allowed,
            positions=chosen,
            to_be_signed=to_be_signed(act, chosen, items, known),
            change=lambda connection: grant.reserve(connection, stored.act_digest, chosen),
            role=role,
            salt_length=salt_length,
        )
        return self._perform(reserved, now, with_receipts)

    def _approve(
        self, act_bytes: bytes, approval: Approval, now: datetime
    ) -> tuple[SignAct, KnownCredential, Approved, Allowed, RoleFacts]:
        act = parse_sign_act(act_bytes)
        _check_lifetime(act, now)
        # 1. Find the credential: it must be active, its certificate valid now.
        known = self._usable_credential(act, now)
        # 2. Check the approval against exactly these bytes.
        verify_person = self._people.get(approval.kind)
        if verify_person:
            approved = verify_person(approval.evidence, act, act_bytes, known, now)
        else:
            approved = verify_approval(approval, act, act_bytes, self._directory, self._audience, now)
        # 3. Ask the policy; keep the ids of the rules that decided.
        role = self._standing.facts(act, known, now)
        return act, known, approved, ask_policy(self._policy, act, known, approved, role, now), role

    def _usable_credential(self, act: SignAct, now: datetime) -> KnownCredential:
        known = self._directory.get_credential(act.credential_id)
        check_usable(known, now)
        if known.algorithm is not act.algorithm:
            raise CredentialNotUsable(f"This credential signs with {known.algorithm}.", detail=act.algorithm)
        if known.stored.not_after is not None and act.expires_at > known.stored.not_after:
            raise CredentialNotUsable("The act would stay open longer than the certificate is valid.")
        return known

    def _perform(self, reserved: _Reserved, now: datetime, with_receipts: bool) -> list[MadeSignature]:  # noqa: FBT001
        intents = _intents(reserved, int(now.timestamp()))
        # 4, 5. Reserve the rows, count them against the quotas, and journal the intents: durable together,
        # before the key is touched.
        spending = Spending(
            self._policy.limits(reserved.known, reserved.act.client_id), len(intents), int(now.timestamp())
        )
        entered = self._redeem(intents, spending.around(reserved.change), with_proofs=with_receipts)
        leaves = range(entered.first_index, entered.first_index + len(intents))
        try:
            values = list(self._sign_all(reserved))
        except Exception as error:
            # No signature has left this process, so the approval may be used again. A failure to
            # say so is no harm: the rows then stay reserved, and reserved rows never sign.
            self._ledger.enter(
                entries.failed(now=int(now.timestamp()), indexes=leaves, reason=type(error).__name__),
                change=spending.refund(
                    lambda connection: grant.release(connection, reserved.digest, reserved.positions)
                ),
            )
            raise
        # 8. Journal the outcome and mark the rows used. Not waited for: the intents are durable and
        # the rows stay reserved, so a crash before this is written can only over-report.
        used = list(zip(reserved.positions, leaves, strict=True))
        self._ledger.enter_later(
            entries.succeeded(now=int(now.timestamp()), signatures=list(zip(leaves, values, strict=True))),
            change=lambda connection: grant.use(connection, reserved.digest, used),
        )
        proofs = entered.proofs or ("",) * len(values)
        return [
            MadeSignature(value, leaf, intent, proof)
            for value, leaf, intent, proof in zip(values, leaves, intents, proofs, strict=True)
        ]

    def _redeem(self, intents: list[bytes], change: Change, *, with_proofs: bool = False) -> Entered:
        try:
            return self._ledger.enter(intents, change=change, with_proofs=with_proofs)
        except ApprovalRefused:
            # The proof may have queued what must be durable before this is answered: a clone's suspension.
            self._ledger.enter([])
            raise

    def _sign_all(self, reserved: _Reserved) -> Iterator[bytes]:
        known, salt_length = reserved.known, reserved.salt_length
        # 6. Use the key.
        values = self._use_key(known, reserved.to_be_signed, salt_length)
        for data, value in zip(reserved.to_be_signed, values, strict=True):
            # 7. Verify before it leaves: after a token reset a handle may be another key's.
            verify_signature(known.public_key, known.algorithm, value, data, salt_length)
            yield value


def check_usable(known: KnownCredential, now: datetime) -> None:
    """Step 1: active, with a certificate that is valid now. Raises CredentialNotUsable."""
    stored = known.stored
    if stored.state != "active":
        raise CredentialNotUsable(f"The credential is {stored.state}.", detail=stored.credential_id)
    if stored.purpose == "token":
        return
    moment = now.timestamp()
    if stored.not_before is None or stored.not_after is None or not known.certificates:
        raise CredentialNotUsable("The credential has no certificate.", detail=stored.credential_id)
    if not stored.not_before <= moment <= stored.not_after:
        raise CredentialNotUsable("The signing certificate is expired or not yet valid.")


def _check_lifetime(act: SignAct, now: datetime) -> None:
    moment = now.timestamp()
    if act.issued_at > moment + CLOCK_LEEWAY:
        raise ActMalformed("The act was issued in the future: check the clock.")
    if act.expires_at <= moment or act.expires_at <= act.issued_at:
        raise GrantRefused("The act has expired: prepare it again.")


def _intents(reserved: _Reserved, now: int) -> list[bytes]:
    return [
        entries.signing_intent(
            now=now,
            act_digest=reserved.digest,
            credential_id=reserved.act.credential_id,
            client_id=reserved.act.client_id,
            algorithm=reserved.act.algorithm,
            item=reserved.act.items[position],
            position=position,
            to_be_signed=data,
            approval_kind=reserved.approved.kind,
            approval_digest=reserved.approved.evidence_digest,
            rules=reserved.allowed.rules,
            policy=reserved.allowed.policy,
            asked=reserved.allowed.asked,
            operation=journalled(reserved.role),
        )
        for position, data in zip(reserved.positions, reserved.to_be_signed, strict=True)
    ]


def _row(act: SignAct, act_bytes: bytes, approved: Approved, allowed: Allowed) -> GrantRow:
    return GrantRow(
        act_digest=act_digest(act_bytes),
        act=act_bytes,
        client_id=act.client_id,
        credential_id=act.credential_id,
        approved=approved,
        rules=allowed.rules,
        policy=allowed.policy,
        asked=allowed.asked,
        expires_at=act.expires_at,
    )
