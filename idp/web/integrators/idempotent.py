"""``Idempotency-Key``: bound to the caller and to the SHA-256 of the whole request, body included.

Only successes are kept: a refusal is worked out again, so that a client mends its body under the same key
only when nothing was done yet.
"""

import hashlib
import re
from collections.abc import Callable

from flask import Response, g, request

from idp.errors import InvalidRequest, ReplayStoreUnavailable
from idp.store.idempotency import IdempotencyKeys, KeptAnswer

HEADER = "Idempotency-Key"
PATTERN = r"^[!-~]{1,200}$"
_KEY = re.compile(r"[!-~]{1,200}")


def once(
    keys: IdempotencyKeys, act: Callable[[], Response], answer: Callable[[int, bytes], Response]
) -> Response:
    """``act``'s answer, or the one it gave before (made by ``answer``).

    Raises what ``act`` raises, IdempotencyMismatch, RequestInProgress, InvalidRequest for a key that is none.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return act()
    if not _KEY.fullmatch(key):
        raise InvalidRequest(f"{HEADER} has 1 to 200 printable ASCII characters.", detail="idempotency key")
    begun = keys.begin(g.client_id, key, _request_digest())
    if isinstance(begun, KeptAnswer):
        return answer(begun.status, begun.body.encode())
    try:
        made = act()
    except BaseException:
        keys.release(begun)
        raise
    try:
        keys.keep(begun, KeptAnswer(made.status_code, made.get_data(as_text=True)))
    except ReplayStoreUnavailable as error:
        # It is done, and its secret is shown this once: better told now than kept for a repetition.
        g.error, g.error_detail = error.error, error.detail
    return made


def _request_digest() -> bytes:
    parts = (
        request.method.encode(),
        request.path.encode(),
        request.query_string,
        request.get_data(cache=True),
    )
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()
