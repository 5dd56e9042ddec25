"""From a signature value to the signed document, by steps that can be taken again after a crash.

::

    1 get the signature time-stamp, and keep it            (B-T and above)
    2 put the CMS into the gap
    3 add revocation data, and a document time-stamp       (B-LT; B-LTA)
    4 completed: the result's size and SHA-256, by which the file is found from then on

Nothing here signs with a credential. A level that cannot be reached is waited for or reported; the
document never gets a lower one.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hsm.client import parse_sign_act
from signsvc.errors import InProgress, SignatureFailed
from signsvc.measure import Metrics
from signsvc.pades import der
from signsvc.pades.appending import digest_file
from signsvc.pades.augment import Augmenter
from signsvc.pades.augment import Signed as AugmentableSignature
from signsvc.pades.errors import (
    CertificateRevoked,
    DocumentChanged,
    LevelUnreachable,
    PadesError,
    ReserveTooSmall,
    RevocationUnavailable,
    TimestampUnavailable,
)
from signsvc.pades.levels import Level
from signsvc.pades.prepare import Prepared, decode_prepared, embed
from signsvc.pades.timestamp import TimestampClient
from signsvc.store.files import Files
from signsvc.store.signatures import Signatures, State, StoredSignature
from signsvc.usecases.issued_file import issued_file
from signsvc.usecases.known_credentials import Templates

FIRST_PAUSE = 5
LONGEST_PAUSE = 300
# Asking again would not help.
_HOPELESS = (CertificateRevoked, ReserveTooSmall, DocumentChanged)


@dataclass(frozen=True, slots=True)
class FinishSignature:
    """``finish`` raises LevelUnreachable, SignatureFailed, InProgress, LeaseLost, StoreUnavailable."""

    signatures: Signatures
    files: Files
    templates: Templates
    timestamps: Callable[[], TimestampClient]
    augmenter: Callable[[], Augmenter]
    metrics: Metrics
    waiting_lifetime: int

    def finish(
        self,
        held: StoredSignature,
        *,
        now: datetime,
        base: "hashlib._Hash | None" = None,
    ) -> StoredSignature:
        """Steps 1 to 4 for a signature whose lease we hold; it is let go at the end, however that is.

        ``base``: the SHA-256 state over the document as sent, when its file was in nobody's hands since.
        """
        try:
            return self._finish(held, now, base)
        except _HOPELESS as error:
            self.fail(held, error)
            raise SignatureFailed(error.message, error.message_en, detail=error.detail) from error
        except LevelUnreachable as error:
            self._put_off(held, error, now)
            raise
        except InProgress:
            # Whoever was stopped with the file in hand may die, or go on and find that it lost its lease.
            again = int(now.timestamp()) + FIRST_PAUSE
            self.signatures.advance(held.id, held.fence, lease_until=again)
            raise

    def _finish(self, held: StoredSignature, now: datetime, base: "hashlib._Hash | None") -> StoredSignature:
        level = Level(held.level)
        # 1. Kept before it is used: a time-stamp costs money, and its time is the signature's.
        if level.timestamped and not held.timestamp_token:
            held = self._get_timestamp(held, now)
        with self.files.alone(held.id):
            # In this order: a later holder of the lease cannot have the file while we do.
            self.signatures.check_held(held.id, held.fence)
            return self._write(held, level, now, base)

    def _write(
        self, held: StoredSignature, level: Level, now: datetime, base: "hashlib._Hash | None"
    ) -> StoredSignature:
        prepared = decode_prepared(held.prepared)
        path = self.files.path(held.id)
        # 2
        token = held.timestamp_token or b""
        _cut(path, prepared)
        embed(path, prepared, self._cms(held, prepared, token), check=base is None)
        # 3
        if level.long_term:
            signed = AugmentableSignature(prepared.size, certificates_of(held), token)
            self._raise_level(held, signed, level, now)
        # 4
        if base is not None:
            with path.open("rb") as file:
                file.seek(prepared.base_size)
                base.update(file.read())
            sha256 = base.hexdigest()
        else:
            sha256 = digest_file(path).hex()
        done: dict[str, Any] = {
            "state": State.COMPLETED,
            "result_sha256": sha256,
            "result_size": path.stat().st_size,
        }
        self.signatures.complete(
            held.id, held.fence, issued_file(held, sha256, certificates_of(held), now), **done, lease_until=0
        )
        self.metrics.signatures.labels(held.level, "completed").inc()
        return replace(held, **done)

    def fail(self, held: StoredSignature, error: PadesError | SignatureFailed) -> None:
        """It will never be completed."""
        self.signatures.advance(
            held.id,
            held.fence,
            state=State.FAILED,
            failure_code=error.code,
            failure_message=error.message,
            failure_message_en=error.message_en,
            lease_until=0,
        )
        self.metrics.signatures.labels(held.level, "failed").inc()

    def timestamp_value(self, value: bytes, *, now: datetime) -> bytes:
        """The DER token over a signature value. Raises TimestampUnavailable."""
        try:
            token = self.timestamps().timestamp(hashlib.sha256(value).digest(), now=now).encoded
        except TimestampUnavailable:
            self.metrics.authority_up.labels("tsa").set(0)
            raise
        self.metrics.authority_up.labels("tsa").set(1)
        return token

    def _get_timestamp(self, held: StoredSignature, now: datetime) -> StoredSignature:
        token = self.timestamp_value(held.signature_value or b"", now=now)
        self.signatures.advance(held.id, held.fence, timestamp_token=token)
        return replace(held, timestamp_token=token)

    def _raise_level(
        self, held: StoredSignature, signed: AugmentableSignature, level: Level, now: datetime
    ) -> None:
        try:
            self.augmenter().augment(self.files.path(held.id), signed, level, now=now)
        except RevocationUnavailable:
            self.metrics.authority_up.labels("revocation").set(0)
            raise
        self.metrics.authority_up.labels("revocation").set(1)

    def _cms(self, held: StoredSignature, prepared: Prepared, token: bytes) -> bytes:
        template = self.templates.get(parse_sign_act(held.act).algorithm, certificates_of(held))
        attributes = template.signed_attributes(prepared.digest)
        return template.cms(attributes, held.signature_value or b"", token)

    def _put_off(self, held: StoredSignature, error: LevelUnreachable, now: datetime) -> None:
        moment = int(now.timestamp())
        self.metrics.signatures.labels(held.level, "put_off").inc()
        if held.on_unavailable == "wait" and moment - held.created_at > self.waiting_lifetime:
            self.fail(held, error)
            return
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(held.attempts, 10))
        self.signatures.advance(
            held.id,
            held.fence,
            state=State.WAITING if held.on_unavailable == "wait" else State.SIGNED,
            attempts=held.attempts + 1,
            next_attempt_at=moment + max(pause, error.retry_after if held.attempts else 1),
            lease_until=0,
        )


def certificates_of(held: StoredSignature) -> tuple[bytes, ...]:
    """The chain, one DER certificate after the other."""
    chain: list[bytes] = []
    data, offset = held.certificates or b"", 0
    while offset < len(data):
        element = der.read(data, offset)
        chain.append(element.encoded)
        offset = element.end
    return tuple(chain)


def _cut(path: Any, prepared: Prepared) -> None:
    """What an interrupted attempt appended behind the prepared document is taken off."""
    if path.stat().st_size > prepared.size:
        with path.open("r+b") as file:
            file.truncate(prepared.size)
