"""Sign digests as they are (DTBS/R): the client wrote the act, and approved it.

::

    1 the act must be the caller's own, and every item of kind dtbsr
    2 the key process checks the approval and signs (its eight steps)
"""

from collections.abc import Callable
from dataclasses import dataclass

from hsm.client import (
    ActMalformed,
    Approval,
    ApprovalRefused,
    Item,
    KeyProcess,
    SignAct,
    Signed,
    parse_sign_act,
)


@dataclass(frozen=True, slots=True)
class SignHashes:
    """Raises ActMalformed, ApprovalRefused and what the key process raises."""

    key_process: Callable[[], KeyProcess]

    def read_act(self, client_id: str, act: bytes) -> SignAct:
        """Step 1."""
        parsed = parse_sign_act(act)
        if parsed.client_id != client_id:
            raise ApprovalRefused("The act is another client's.")
        if any(item.kind != "dtbsr" for item in parsed.items):
            raise ActMalformed("Only items of kind dtbsr are signed here; documents go to /v1/signatures.")
        return parsed

    def __call__(
        self, act: bytes, parsed: SignAct, approval: Approval, *, with_receipts: bool
    ) -> list[Signed]:
        """Step 2: one signature for each item, in their order."""
        items = [Item(digest=item.digest) for item in parsed.items]
        return self.key_process().sign(items, act=act, approval=approval, with_receipts=with_receipts)
