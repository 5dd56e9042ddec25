"""``Idempotency-Key``: bound to the client and to the SHA-256 of the whole request, body included.

Only successes are kept. A refusal is worked out again, and 503 or 202 must be: that is how a client goes on.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime

import orjson
from flask import Response, request

from signsvc.errors import RequestRefused
from signsvc.store.idempotency import IdempotencyKeys, KeptAnswer

MAX_KEPT = 4 * 1024 * 1024
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_KEPT_STATUS = (200, 201, 204)
_KEPT_HEADERS = ("Location", "Content-Type", "Antin-Signature-Id", "Antin-Leaf-Index")


class Idempotent:
    """Does a request once for each key."""

    def __init__(self, keys: Callable[[], IdempotencyKeys], clock: Callable[[], datetime]) -> None:
        self._keys = keys
        self._clock = clock

    def once(
        self,
        client_id: str,
        body_digest: bytes,
        act: Callable[[], Response],
        *,
        again: Callable[[KeptAnswer], Response] | None = None,
    ) -> Response:
        """``act``'s answer, or the one it gave before.

        ``again`` makes the answer of an act whose body is not kept (a file). Raises what ``act`` raises,
        IdempotencyMismatch, InProgress, RequestRefused for a key that is none.
        """
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return act()
        if not _KEY.fullmatch(key):
            raise RequestRefused(
                "Idempotency-Key dài 1 đến 200 ký tự ASCII in được.",
                "An Idempotency-Key has 1 to 200 printable ASCII characters.",
            )
        keys = self._keys()
        now = int(self._clock().timestamp())
        begun = keys.begin(client_id, key, _request_digest(body_digest), now)
        if isinstance(begun, KeptAnswer):
            return again(begun) if again else Response(begun.body, begun.status, begun.headers)
        try:
            answer = act()
        except BaseException:
            keys.release(begun)
            raise
        headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        body = b"" if again or answer.is_streamed else answer.get_data()
        if answer.status_code in _KEPT_STATUS and len(body) <= MAX_KEPT:
            keys.keep(begun, KeptAnswer(answer.status_code, headers, body))
        else:
            keys.release(begun)
        return answer


def body_digest() -> bytes:
    """SHA-256 of a JSON body, which the framework has read already.

    A PIN has few digits: whoever reads our database could try them all against a hash of a body that
    holds one. The evidence of pin_otp is left out, the act it approves is named by the rest.
    """
    body = request.get_data(cache=True)
    members = request.get_json(silent=True)
    approval = members.get("approval") if isinstance(members, dict) else None
    if isinstance(members, dict) and isinstance(approval, dict) and approval.get("kind") == "pin_otp":
        body = orjson.dumps({**members, "approval": {"kind": "pin_otp"}}, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(body).digest()


def _request_digest(body: bytes) -> bytes:
    parts = (request.method.encode(), request.path.encode(), request.query_string, body)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()
