"""Sign a document with the system's own approval: nothing is approved that was not recomputed here.

The steps, in this order::

    1 upload the document
    2 have it prepared: the service appends a signature field and says what would be signed
    3 CHECK: recompute the digest over our own file and what was appended; compare the act
    4 approve: our key signs exactly the bytes of the act
    5 complete, and wait where the caller said so
    6 download; the file must be ours, then what was approved
    7 the receipt must prove this act's digest in the journal
    8 give the output its name

What is not checked: what the appended bytes draw on the page. They are signed and stay visible to every
verifier as an increment of the signing client; look at the result, or sign invisibly.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from antin.acts import Asked, check_act
from antin.connection import Connection
from antin.delivery import Delivery
from antin.documents import discard, read_body, upload
from antin.errors import (
    AntinError,
    DamagedDownload,
    Finding,
    LevelNotReached,
    NetworkError,
    NotFinished,
    ServiceError,
)
from antin.keys import Approver
from antin.operation import Operation, check_operation
from antin.prepared import PreparedSignature, ReturnedFile, parse_prepared, recompute_digest
from antin.problems import retry_after_of
from antin.proofs import check_intent, verify_intent
from antin.source import Progress, no_progress, source_of
from antin.visible import VisibleSignature

Level = Literal["B-B", "B-T", "B-LT", "B-LTA"]
LEVELS: tuple[Level, ...] = ("B-B", "B-T", "B-LT", "B-LTA")
Unavailable = Literal["fail", "wait"]


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """A signed file whose receipt was verified.

    ``content``: its bytes when no output was named, else None and ``path`` says where it is. ``sha256``
    is hex. ``receipt`` is the receipt's JSON (``entry``, ``proof``): keep it with the file. ``warnings``
    are what the service remarked on the document.
    """

    signature_id: str
    level: str
    sha256: str
    size: int
    leaf_index: int
    receipt: dict[str, Any] = field(repr=False)
    warnings: tuple[Finding, ...] = ()
    path: Path | None = None
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to sign; the wire's names. ``algorithm`` is not sent: the act must name it."""

    credential_id: str
    level: str = "B-T"
    title: str = ""
    visible: VisibleSignature | None = None
    document_kind: str = "document"
    reason: str = ""
    location: str = ""
    contact: str = ""
    on_unavailable: Unavailable = "fail"
    algorithm: str = ""
    operation: Operation | None = None

    def members(self, document_id: str) -> dict[str, Any]:
        """The body of ``POST /v1/signatures``."""
        texts = ("title", "document_kind", "reason", "location", "contact")
        optional = {name: getattr(self, name) for name in texts if getattr(self, name)}
        visible = {"visible": self.visible.members()} if self.visible else {}
        return {
            "document_id": document_id,
            "credential_id": self.credential_id,
            "level": self.level,
            "on_unavailable": self.on_unavailable,
            **optional,
            **visible,
            **(self.operation.members() if self.operation else {}),
        }


@dataclass(frozen=True, slots=True)
class Signer:
    """A client with who approves for it and the journal's verifier key: what the steps below need."""

    connection: Connection
    client_id: str
    approver: Approver
    verifier_key: str
    clock: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep
    longest_wait: float = 600.0

    def sign(
        self,
        document: str | os.PathLike[str] | bytes,
        wishes: Wishes,
        *,
        output: Path | None = None,
        replace: bool = False,
        name: str = "",
        progress: Progress = no_progress,
    ) -> SignedDocument:
        """Steps 1 to 8. Raises SubstitutedDocument at 3, DamagedDownload at 6, ProofRefused at 7."""
        source = source_of(document, name)
        with Delivery(output, replace=replace, source=source.path) as delivery:
            # 1
            uploaded = upload(self.connection, source, progress)
            try:
                # 2
                prepared = parse_prepared(
                    self.connection.members(
                        "POST", "/v1/signatures", json=wishes.members(uploaded.document_id)
                    )
                )
                # 3
                digest = recompute_digest(prepared, source.size, source.sent)
                asked = Asked(
                    client_id=self.client_id,
                    credential_id=wishes.credential_id,
                    digest=digest,
                    source=source.sha256,
                    title=wishes.title,
                    algorithm=wishes.algorithm,
                    document_kind=wishes.document_kind,
                )
                act = check_act(prepared.act, asked, self.clock())
                check_operation(act, wishes.operation, source.path or source.data)
            except AntinError:
                self._discard(uploaded.document_id)
                raise
            # 4
            approval = self.approver.approve(prepared.act)
            # 5
            done = self._complete(prepared, approval)
            if done.get("level") != wishes.level:
                raise _lower(wishes.level, done.get("level"))
            # 6
            returned = self._download(prepared, digest, delivery, progress)
            self._check_as_told(done, returned)
            # 7
            receipt = self._receipt_of(prepared, done)
            intent = verify_intent(receipt, self.verifier_key)
            check_intent(
                intent,
                digest=digest,
                credential_id=wishes.credential_id,
                client_id=self.client_id,
                act_digest=prepared.act_digest,
            )
            # 8
            content = delivery.keep()
        return SignedDocument(
            signature_id=prepared.signature_id,
            level=wishes.level,
            sha256=returned.sha256,
            size=returned.size,
            leaf_index=_leaf_of(done),
            receipt=receipt,
            warnings=uploaded.findings,
            path=output,
            content=content,
        )

    def _complete(self, prepared: PreparedSignature, approval: dict[str, str]) -> dict[str, Any]:
        """Hand in the approval; ask again while the service waits for a time-stamp."""
        path = f"/v1/signatures/{quote(prepared.signature_id, safe='')}/complete"
        waited = 0.0
        while True:
            # Completing again goes on where it stopped: the service never signs twice.
            response = self.connection.call("POST", path, json={"approval": approval})
            members = _object(response.content, response.json)
            if members.get("state") == "failed":
                raise _failed(members, response.status_code)
            if response.status_code != 202:
                return members
            wait = max(1.0, retry_after_of(response) or 5.0)
            if waited + wait > self.longest_wait:
                raise NotFinished(
                    f"Đã phê duyệt, còn chờ dấu thời gian. Lấy sau: chữ ký {prepared.signature_id}.",
                    f"Approved, still waiting. Fetch later: signature {prepared.signature_id}.",
                    signature_id=prepared.signature_id,
                )
            waited += wait
            self.sleep(wait)

    def _download(
        self, prepared: PreparedSignature, digest: bytes, delivery: Delivery, progress: Progress
    ) -> ReturnedFile:
        path = f"/v1/signatures/{quote(prepared.signature_id, safe='')}/content"
        tries = 3
        for attempt in range(1, tries + 1):
            returned = ReturnedFile(prepared)
            delivery.restart()

            def take(chunk: bytes, returned: ReturnedFile = returned) -> None:
                returned.feed(chunk)
                delivery.write(chunk)

            try:
                with self.connection.streamed("GET", path, accept="application/pdf") as response:
                    read_body(response, take, progress)
            except NetworkError:
                # Cut on the way: the signature exists, so only the download is asked for again.
                if attempt == tries:
                    raise
                continue
            break
        returned.check(digest)
        return returned

    def _check_as_told(self, done: dict[str, Any], returned: ReturnedFile) -> None:
        told = done.get("document")
        if not isinstance(told, dict) or (told.get("sha256"), told.get("size")) != (
            returned.sha256,
            returned.size,
        ):
            raise DamagedDownload(
                "Tệp nhận về không trọn vẹn; không lưu. Thử tải lại.",
                "The file that came back is not whole; it was not kept. Try again.",
            )

    def _receipt_of(self, prepared: PreparedSignature, done: dict[str, Any]) -> dict[str, Any]:
        receipt = done.get("receipt")
        if isinstance(receipt, dict):
            return receipt
        # The journal may have been slow: the receipt is asked for by itself then.
        return self.connection.members(
            "GET", f"/v1/signatures/{quote(prepared.signature_id, safe='')}/receipt"
        )

    def _discard(self, document_id: str) -> None:
        try:
            discard(self.connection, document_id)
        except AntinError:
            # The refusal that led here matters more; the service deletes it in time.
            return


def _leaf_of(done: dict[str, Any]) -> int:
    signature = done.get("signature")
    index = signature.get("leaf_index") if isinstance(signature, dict) else None
    return index if isinstance(index, int) else -1


def _object(content: bytes, read: Callable[[], Any]) -> dict[str, Any]:
    try:
        members = read()
    except ValueError as error:
        raise NetworkError(
            "Trả lời không phải JSON.", "The answer is not JSON.", detail=f"{len(content)} bytes"
        ) from error
    return members if isinstance(members, dict) else {}


def _failed(members: dict[str, Any], status: int) -> ServiceError:
    failure = members.get("failure")
    told = failure if isinstance(failure, dict) else {}
    return ServiceError(
        str(told.get("message") or "Việc ký thất bại; hãy ký lại từ đầu."),
        str(told.get("message_en") or "The signing failed; sign anew."),
        status=status,
        code=str(told.get("code") or "failed"),
        problem=members,
    )


def _lower(asked: str, got: object) -> LevelNotReached:
    return LevelNotReached(
        f"Yêu cầu mức {asked} nhưng dịch vụ trả mức {got}; không lưu tệp.",
        f"Level {asked} was asked for, the service says {got}; the file was not kept.",
    )
