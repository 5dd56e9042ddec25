"""POST /v1/hashes/sign: signatures on digests, for clients that build their own formats."""

import base64
from typing import Annotated

from flask import Response
from pydantic import BaseModel, Field

from hsm.client import Approval, ApprovalRefused
from signsvc.services import Services
from signsvc.web.answers import json_answer
from signsvc.web.caller import current_caller
from signsvc.web.endpoints import SIGN, Endpoints
from signsvc.web.idempotent import Idempotent, body_digest
from signsvc.web.wire import MAX_ACT_BYTES, ApprovalMember, Body, ReceiptMember


class SignHashesBody(Body):
    """``act``: RFC 8785 JSON whose items are of kind ``dtbsr``; ``approval`` approves exactly it."""

    act: Annotated[str, Field(min_length=2, max_length=MAX_ACT_BYTES)]
    approval: ApprovalMember
    receipts: bool = False


class SignedHashesAnswer(BaseModel):
    """In the order of the act's items. Signatures: base64; ES256 as DER."""

    signatures: list[str]
    leaf_indexes: list[int]
    receipts: list[ReceiptMember] | None = None


def hash_endpoints(services: Services, idempotent: Idempotent) -> Endpoints:
    """Only under policies that allow bare digests: the signer is shown nothing but titles."""
    api = Endpoints("hashes", "Sign digests as they are.")

    @api.offer(
        "POST", "/v1/hashes/sign", authentication=SIGN, takes_json=True,
        summary="Sign digests", responses={200: SignedHashesAnswer},
    )  # fmt: skip
    def sign_hashes(body: SignHashesBody) -> Response:
        client_id = current_caller().client_id
        act = body.act.encode()
        parsed = services.sign_hashes.read_act(client_id, act)
        # Counted by signatures, not by calls: the route itself spends nothing.
        services.limits.spend("sign-per-client", client_id, cost=len(parsed.items))

        def sign() -> Response:
            approval = Approval(body.approval.kind, body.approval.evidence)
            try:
                made = services.sign_hashes(act, parsed, approval, with_receipts=body.receipts)
            except ApprovalRefused:
                services.limits.spend("approval-failures", client_id)
                raise
            services.metrics.signatures.labels("hash", "completed").inc(len(made))
            receipts = [
                {"entry": base64.b64encode(one.receipt.entry).decode(), "proof": one.receipt.proof}
                for one in made
                if one.receipt is not None
            ]
            answer = {
                "signatures": [base64.b64encode(one.value).decode() for one in made],
                "leaf_indexes": [one.leaf_index for one in made],
            }
            return json_answer(answer | ({"receipts": receipts} if body.receipts else {}))

        return idempotent.once(client_id, body_digest(), sign)

    return api
