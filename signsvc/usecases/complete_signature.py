"""Have an approved document signed, once.

::

    1 find the signature; what is completed is answered again, what failed says why
    2 claim it: "signing" is durable before the key process is asked
    3 the key process checks the approval and signs (its own eight steps)
    4 keep the signature value: durable before anything is done with it
    5 finish the document (finish_signature)

Between 3 and 4 lies the one gap: the approval is spent, the value not yet ours. If we die there, the
key process refuses to sign again, and the signature becomes "failed: prepare again". The journal then
holds an intent more than there are signatures, never one fewer.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hsm.client import (
    ActRefused,
    Approval,
    GrantRefused,
    HsmError,
    Item,
    KeyProcess,
    KeyProcessUnavailable,
    Signed,
    parse_sign_act,
)
from signsvc.errors import InProgress, NotFound, SignatureFailed, StateConflict
from signsvc.pades.errors import LevelUnreachable
from signsvc.pades.prepare import decode_prepared
from signsvc.store.signatures import Signatures, State, StoredSignature
from signsvc.usecases.finish_signature import FinishSignature, certificates_of


@dataclass(frozen=True, slots=True)
class ApprovedOnPage:
    """The key process's handle of an act over several signatures (``gather_prepared``), and that act."""

    sad: str = field(repr=False)
    act: bytes

    def covers(self, stored: StoredSignature) -> bool:
        """Whether the person approved this one: it may have been left out."""
        digest = bytes.fromhex(stored.prepared["digest"])
        return any(item.digest == digest for item in parse_sign_act(self.act).items)


Proof = Approval | ApprovedOnPage


@dataclass(frozen=True, slots=True)
class CompleteSignature:
    """Raises NotFound, InProgress, SignatureFailed, HsmError, LevelUnreachable, StoreUnavailable."""

    signatures: Signatures
    key_process: Callable[[], KeyProcess]
    finishing: FinishSignature
    lease: int

    def __call__(
        self, client_id: str, signature_id: str, approval: Proof, *, now: datetime
    ) -> StoredSignature:
        """The completed signature, or one in state ``waiting``. Call again to go on."""
        # 1
        stored = self.signatures.find(client_id, signature_id)
        if stored is None:
            raise no_such_signature()
        if stored.state in (State.AWAITING_APPROVAL, State.SIGNING):
            return self.sign(stored, approval, now=now)
        return self.resume(stored, now=now)

    def sign(
        self,
        stored: StoredSignature,
        approval: Proof,
        *,
        now: datetime,
        with_receipt: bool = True,
    ) -> StoredSignature:
        """Steps 2 to 5 for one that is not signed yet."""
        moment = int(now.timestamp())
        if isinstance(approval, ApprovedOnPage) and not approval.covers(stored):
            # It goes on waiting for an approval of its own.
            raise StateConflict(
                "Văn bản này không có trong lần phê duyệt, hoặc người ký đã bỏ ra.",
                "This document is not in that approval, or the signer left it out.",
            )
        # 2
        held = self.signatures.claim(
            stored.id,
            (State.AWAITING_APPROVAL, State.SIGNING),
            now=moment,
            lease=self.lease,
            into=State.SIGNING,
        )
        if held is None:
            raise InProgress
        return self.sign_held(held, approval, now=now, with_receipt=with_receipt)

    def sign_held(
        self,
        held: StoredSignature,
        approval: Proof,
        *,
        now: datetime,
        with_receipt: bool,
        base: "hashlib._Hash | None" = None,
    ) -> StoredSignature:
        """Steps 3 to 5 for one in state ``signing`` whose lease we hold.

        ``base``: the SHA-256 state over the document as sent, when its file was in nobody's hands since.
        """
        # 3
        signed = self._ask_key_process(held, approval, with_receipt=with_receipt)
        # 4
        held = self._keep_value(held, signed)
        # 5
        return self._finish(held, now, base)

    def resume(self, stored: StoredSignature, *, now: datetime) -> StoredSignature:
        """Go on with one that is signed, or say what became of it."""
        moment = int(now.timestamp())
        if stored.state == State.COMPLETED:
            return stored
        if stored.state == State.FAILED:
            raise SignatureFailed(
                stored.failure_message or "",
                stored.failure_message_en or "",
                detail=stored.failure_code or "",
            )
        if stored.state == State.WAITING and stored.next_attempt_at > moment:
            return stored
        held = self.signatures.claim(stored.id, (State.SIGNED, State.WAITING), now=moment, lease=self.lease)
        if held is None:
            if stored.state == State.WAITING:
                return stored
            raise InProgress
        return self._finish(held, now, None)

    def _finish(self, held: StoredSignature, now: datetime, base: "hashlib._Hash | None") -> StoredSignature:
        try:
            return self.finishing.finish(held, now=now, base=base)
        except LevelUnreachable:
            if held.on_unavailable == "wait":
                return replace(held, state=State.WAITING)
            raise

    def _ask_key_process(self, held: StoredSignature, approval: Proof, *, with_receipt: bool) -> Signed:
        prepared = decode_prepared(held.prepared)
        template = self.finishing.templates.get(parse_sign_act(held.act).algorithm, certificates_of(held))
        item = Item(signed_attributes=template.signed_attributes(prepared.digest))
        try:
            if isinstance(approval, ApprovedOnPage):
                return self._redeem(held, item, approval, with_receipt=with_receipt)
            return self.key_process().sign(
                [item], act=held.act, approval=approval, with_receipts=with_receipt
            )[0]
        except KeyProcessUnavailable:
            # It may have signed. The next call finds out: a spent approval does not sign again.
            self._let_go(held, State.SIGNING)
            raise
        except GrantRefused as error:
            failed = SignatureFailed(
                "Phê duyệt đã được dùng hoặc đã hết hạn; hãy chuẩn bị và phê duyệt lại (tài liệu vẫn còn).",
                "The approval was used or has expired; prepare and approve again (the document is kept).",
                detail=error.detail,
            )
            self.finishing.fail(held, failed)
            raise failed from error
        except (ActRefused, HsmError):
            # Nothing was signed: a right approval, or a token that is back, can still do it.
            self._let_go(held, State.AWAITING_APPROVAL)
            raise

    def _redeem(
        self, held: StoredSignature, item: Item, approved: ApprovedOnPage, *, with_receipt: bool
    ) -> Signed:
        return self.key_process().sign(
            [item],
            sad=approved.sad,
            client_id=held.client_id,
            credential_id=held.credential_id,
            with_receipts=with_receipt,
        )[0]

    def _let_go(self, held: StoredSignature, state: State) -> None:
        self.signatures.advance(held.id, held.fence, state=state, lease_until=0)

    def _keep_value(self, held: StoredSignature, signed: Signed) -> StoredSignature:
        kept: dict[str, Any] = {
            "state": State.SIGNED,
            "signature_value": signed.value,
            "leaf_index": signed.leaf_index,
        }
        if signed.receipt is not None:
            kept |= {"receipt_entry": signed.receipt.entry, "receipt_proof": signed.receipt.proof}
        self.signatures.advance(held.id, held.fence, **kept)
        return replace(held, **kept)


def no_such_signature() -> NotFound:
    """The same words for another client's."""
    return NotFound("Không có chữ ký này.", "There is no such signature.")
