"""Get time-stamps from RFC 3161 authorities over HTTP: several, in order, within one deadline."""

import secrets
import time
from collections.abc import Sequence
from datetime import datetime

import structlog

from signsvc.pades import der
from signsvc.pades.breaker import Breaker
from signsvc.pades.errors import TimestampUnavailable
from signsvc.pades.fetch import Fetcher, FetchFailed
from signsvc.pades.token import DIGESTS, TimestampToken, TokenRejected, TokenVerifier

MAX_RESPONSE = 64 * 1024
UNKNOWN_TOKEN_BYTES = 8192
_ROOM = 512
_RETRY_SECONDS = 10
_NONCE_BITS = 64
_VERSION_1 = der.integer(1)

log = structlog.get_logger()


class TimestampClient:
    """Asks the authorities in order and checks each answer before it is used. Thread-safe.

    ``deadline``: seconds for all of them together.
    """

    def __init__(
        self, urls: Sequence[str], verifier: TokenVerifier, fetcher: Fetcher, *, deadline: float = 10.0
    ) -> None:
        if not urls:
            raise ValueError("at least one time-stamping authority is needed")
        self._breakers = {url: Breaker() for url in urls}
        self._verifier = verifier
        self._fetcher = fetcher
        self._deadline = deadline
        self._largest: dict[str, int] = {}

    @property
    def token_bytes(self) -> int:
        """How much room to reserve for a token: what was seen of every authority, and some more.

        Until each has answered once, a generous guess.
        """
        if self._largest.keys() != self._breakers.keys():
            return UNKNOWN_TOKEN_BYTES
        return max(self._largest.values()) + _ROOM

    def timestamp(
        self, imprint: bytes, *, digest_name: str = "sha256", nonce: int | None = None, now: datetime
    ) -> TimestampToken:
        """A verified token over a digest (sha256, sha384, sha512), with a fresh nonce unless one is given.

        Raises TimestampUnavailable; ValueError for a digest of the wrong kind.
        """
        if digest_name not in DIGESTS or len(imprint) != int(digest_name[3:]) // 8:
            raise ValueError(f"not a digest by {digest_name}")
        nonce = secrets.randbits(_NONCE_BITS) if nonce is None else nonce
        query = _query(imprint, digest_name, nonce)
        end = time.monotonic() + self._deadline
        reasons: list[str] = []
        asked = [url for url, breaker in self._breakers.items() if breaker.allows(time.monotonic())]
        for position, url in enumerate(asked):
            # One that hangs must leave time for those behind it.
            seconds = (end - time.monotonic()) / (len(asked) - position)
            if seconds <= 0:
                break
            try:
                answer = self._fetcher.post(
                    url, query, "application/timestamp-query", seconds=seconds, limit=MAX_RESPONSE
                )
                token = self._verifier.verify_token(
                    _granted(answer), imprint, digest_name=digest_name, nonce=nonce, now=now
                )
            except (FetchFailed, TokenRejected, der.NotDer) as error:
                self._breakers[url].failed(time.monotonic())
                reasons.append(f"{url}: {error}")
                log.warning("timestamp_failed", url=url, reason=str(error))
                continue
            self._breakers[url].succeeded()
            self._largest[url] = max(self._largest.get(url, 0), len(token.encoded))
            return token
        raise self._unavailable(reasons)

    def _unavailable(self, reasons: list[str]) -> TimestampUnavailable:
        waits = [breaker.wait(time.monotonic()) for breaker in self._breakers.values()]
        return TimestampUnavailable(
            "Dịch vụ cấp dấu thời gian không trả lời hợp lệ; hãy thử lại sau.",
            "No time-stamping authority gave a valid answer; try again later.",
            retry_after=max(1, round(min(waits))) if min(waits) > 0 else _RETRY_SECONDS,
            detail="; ".join(reasons) or "all authorities are paused after failures",
        )


def _query(imprint: bytes, digest_name: str, nonce: int) -> bytes:
    message_imprint = der.sequence(der.sequence(DIGESTS[digest_name]), der.octet_string(imprint))
    return der.sequence(_VERSION_1, message_imprint, der.integer(nonce), der.DER_TRUE)


def _granted(answer: bytes) -> bytes:
    fields = list(der.children(der.read_whole(answer, der.SEQUENCE)))
    if not fields:
        raise TokenRejected("an empty answer")
    status = der.read_integer(der.first(fields[0]))
    # 0 granted, 1 granted with modifications: we ask for nothing that may be modified (RFC 3161 §2.4.2).
    if status != 0 or len(fields) != 2:
        raise TokenRejected(f"not granted: PKIStatus {status}")
    return fields[1].encoded
