"""See every act at the edge of the trust line, whatever became of it, and report it."""

import hashlib
from typing import Any

import grpc
import orjson

from hsm.acts.act import MAX_ACT_BYTES
from hsm.siem.feed import Report

# gRPC method to the catalogue's act. Questions (credentials, receipts) are no acts.
ACTS = {
    "Sign": "sign", "Authorize": "authorize", "SignToken": "sign_token", "Perform": "administration",
}  # fmt: skip
_REFUSALS = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.UNAUTHENTICATED,
}
# A refusal of this kind means that somebody tried what cannot happen by mistake alone.
_ATTACKS = {"ApprovalRefused", "GrantRefused", "UNAUTHENTICATED"}


class ReportActs(grpc.ServerInterceptor):
    """``caller``: whose listener it is (signsvc, idp, admin)."""

    def __init__(self, report: Report, caller: str) -> None:
        self._report = report
        self._caller = caller

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        handler = continuation(handler_call_details)
        act = ACTS.get(handler_call_details.method.rpartition("/")[2])
        if handler is None or act is None:
            return handler

        def behaviour(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                answer = handler.unary_unary(request, context)
            except Exception:  # reported as an event, then left to whoever maps it
                self._refused(act, request, context)
                raise
            self._report(f"{act}.done", caller=self._caller, **_facts(act, request), **_leaf(act, answer))
            return answer

        return handler._replace(unary_unary=behaviour)

    def _refused(self, act: str, request: Any, context: Any) -> None:
        metadata = dict(context.trailing_metadata() or ())
        code = context.code() or grpc.StatusCode.INTERNAL
        error = metadata.get("antin-error") or code.name
        result = "failed" if code not in _REFUSALS else "attacked" if error in _ATTACKS else "refused"
        self._report(
            f"{act}.{result}",
            caller=self._caller,
            error=error,
            rules=str(metadata.get("antin-rules", "")).split(),
            **_facts(act, request),
        )


def _facts(act: str, request: Any) -> dict[str, object]:
    """What a request says of itself. Nothing of it is verified, and nothing secret is taken."""
    if act == "sign_token":
        return {"kid": request.kid}
    facts: dict[str, object] = {}
    fields = _object(request.act)
    if act == "administration":
        facts["count"] = len(request.approvals)
        facts.update({"action": fields["action"]} if isinstance(fields.get("action"), str) else {})
    else:
        listed = fields.get("items")
        facts["count"] = (
            len(request.items) if act == "sign" else len(listed) if isinstance(listed, list) else 0
        )
        for name in ("credential", "client"):
            value = fields.get(f"{name}_id")
            facts.update({name: value} if isinstance(value, str) else {})
    if request.act:
        facts["act"] = hashlib.sha256(request.act).hexdigest()
    return facts


def _object(act: bytes) -> dict[str, Any]:
    if not act or len(act) > MAX_ACT_BYTES:
        return {}
    try:
        fields = orjson.loads(act)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _leaf(act: str, answer: Any) -> dict[str, object]:
    if act == "sign" and answer.signatures:
        return {"leaf_index": answer.signatures[0].leaf_index}
    return {"leaf_index": answer.leaf_index} if act == "administration" else {}
