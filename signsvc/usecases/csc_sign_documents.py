"""signDoc: documents, or their digests, under one SAD.

::

    1 inspect each document, append an empty signature to it
    2 sign all of them under the SAD, all or none; the key process compares each digest
    3 keep the signature values: durable before anything is done with them
    4 finish each (time-stamp, embed, raise the level)

A caller whose SAD does not cover them has nothing kept of its documents.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hsm.client import Item, Signed
from signsvc.pades.errors import LevelUnreachable
from signsvc.pades.intake import Intake, check_signable
from signsvc.pades.levels import Level
from signsvc.store.files import Files, IncomingFile
from signsvc.store.signatures import Signatures, State, StoredSignature
from signsvc.usecases.csc_sign_hash import CscSign
from signsvc.usecases.finish_signature import FinishSignature
from signsvc.usecases.known_credentials import KnownCredential
from signsvc.usecases.prepare_signature import PrepareSignature
from signsvc.usecases.wishes import Wishes


@dataclass(frozen=True, slots=True)
class Sealed:
    """The client, its credential and its SAD."""

    client_id: str
    known: KnownCredential
    sad: str


@dataclass(frozen=True, slots=True)
class CscSignDocuments:
    """Raises CscRefused, DocumentRefused, and what the key process and the authorities raise when away."""

    signatures: Signatures
    files: Files
    intake: Callable[[], Intake]
    preparing: PrepareSignature
    finishing: FinishSignature
    signing: CscSign
    lease: int

    def digests(self, sealed: Sealed, wanted: Sequence[tuple[bytes, Level]], *, now: datetime) -> list[bytes]:
        """A CMS (DER) for each ByteRange digest, in their order: B-B, or B-T with its time-stamp."""
        template = sealed.known.template
        attributes = [template.signed_attributes(digest) for digest, _ in wanted]
        made = self._sign(sealed, [Item(signed_attributes=one) for one in attributes])
        return [
            template.cms(attributes[at], one.value, self._token(one, wanted[at][1], now))
            for at, one in enumerate(made)
        ]

    def documents(
        self, sealed: Sealed, wanted: Sequence[tuple[IncomingFile, Wishes]], *, now: datetime
    ) -> list[StoredSignature]:
        """Steps 1 to 4; completed, or waiting where the wishes allow it."""
        # 1
        for file, _ in wanted:
            check_signable(self.intake().inspect(file.path))
        rows = [self._prepare(sealed, file, wishes, now) for file, wishes in wanted]
        # 2
        attributes = [
            sealed.known.template.signed_attributes(bytes.fromhex(row.prepared["digest"])) for row in rows
        ]
        made = self._sign(sealed, [Item(signed_attributes=one) for one in attributes])
        # 3
        held = [self._keep(row, one, now) for row, one in zip(rows, made, strict=True)]
        for file, _ in wanted:
            file.keep()
        # 4
        return [self._finish(row, now) for row in held]

    def _sign(self, sealed: Sealed, items: Sequence[Item]) -> list[Signed]:
        return self.signing(sealed.client_id, sealed.known.facts.credential_id, sealed.sad, items)

    def _token(self, made: Signed, level: Level, now: datetime) -> bytes:
        return self.finishing.timestamp_value(made.value, now=now) if level.timestamped else b""

    def _prepare(self, sealed: Sealed, file: IncomingFile, wishes: Wishes, now: datetime) -> StoredSignature:
        prepared = self.preparing.append(file.id, sealed.known, wishes, now)
        # What was approved is the SAD's act, which the key process has; this one tells what was prepared.
        act = self.preparing.write_act(sealed.client_id, sealed.known, wishes, prepared, file.sha256, now)
        return self.preparing.describe(
            file.id, sealed.client_id, sealed.known, wishes, prepared, act, now,
            document_id="", name=wishes.title, base_sha256=file.sha256.hex(),
        )  # fmt: skip

    def _keep(self, row: StoredSignature, made: Signed, now: datetime) -> StoredSignature:
        held = replace(
            row,
            state=State.SIGNED,
            signature_value=made.value,
            leaf_index=made.leaf_index,
            fence=1,
            lease_until=int(now.timestamp()) + self.lease,
        )
        self.signatures.add(held)
        return held

    def _finish(self, held: StoredSignature, now: datetime) -> StoredSignature:
        try:
            return self.finishing.finish(held, now=now)
        except LevelUnreachable:
            if held.on_unavailable == "wait":
                return replace(held, state=State.WAITING)
            raise
