"""One act over signatures that were prepared one by one: a person approves all of them at once.

::

    1 each must be this client's, of this credential, still await its approval, and be named once
    2 they must be one kind of act: the same operation, the same kind of document
    3 one act lists them, each with the digest, title and predecessor that its own act has
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hsm.client import Credential, SignAct, new_act_id, parse_sign_act
from signsvc.store.signatures import Signatures, State
from signsvc.usecases.csc_refusal import CscRefused, invalid

MEMBER = "preparedSignatures"


@dataclass(frozen=True, slots=True)
class GatherPrepared:
    """Raises CscRefused, StoreUnavailable."""

    signatures: Signatures

    def __call__(
        self, client_id: str, facts: Credential, ids: Sequence[str], *, seconds: int, now: datetime
    ) -> bytes:
        """The act, to be approved within ``seconds``."""
        if len(ids) > facts.max_signatures:
            raise CscRefused("Numbers of signatures is too high")
        # 1
        if len(set(ids)) != len(ids):
            raise invalid(MEMBER, detail="named twice")
        acts = [self._own_act(client_id, facts.credential_id, one) for one in ids]
        # 2
        kinds = {(act.operation, act.document_kind) for act in acts}
        if len(kinds) != 1:
            raise invalid(MEMBER, detail="several operations")
        operation, document_kind = kinds.pop()
        # 3
        moment = int(now.timestamp())
        return SignAct(
            act_id=new_act_id(),
            client_id=client_id,
            credential_id=facts.credential_id,
            algorithm=facts.algorithm,
            items=tuple(item for act in acts for item in act.items),
            issued_at=moment,
            expires_at=moment + seconds,
            document_kind=document_kind,
            operation=operation,
        ).encode()

    def _own_act(self, client_id: str, credential_id: str, signature_id: str) -> SignAct:
        stored = self.signatures.find(client_id, signature_id)
        if stored is None or stored.credential_id != credential_id:
            raise invalid(MEMBER, detail="unknown")
        if stored.state is not State.AWAITING_APPROVAL:
            raise invalid(MEMBER, detail=str(stored.state))
        return parse_sign_act(stored.act)
