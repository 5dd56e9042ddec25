"""Prepare a document for its approval.

::

    1 find the credential: it must be this client's, and active
    2 for a typed operation: check what it comes after (follow_earlier)
    3 append an empty signature to a copy of the document
    4 write the act over the digest of what was prepared
    5 keep it, awaiting approval
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from hsm.client import ActItem, Earlier, OfficeOperation, SignAct, new_act_id
from signsvc.errors import RequestRefused
from signsvc.pades.appearance import Appearances, VisibleSignature
from signsvc.pades.cms import CmsTemplate
from signsvc.pades.prepare import Prepared, SignatureRequest, prepare
from signsvc.pades.timestamp import TimestampClient
from signsvc.store.documents import StoredDocument
from signsvc.store.files import Files, new_id
from signsvc.store.signatures import Signatures, State, StoredSignature
from signsvc.usecases.follow_earlier import FollowEarlier
from signsvc.usecases.known_credentials import KnownCredential, KnownCredentials
from signsvc.usecases.stamp_text import stamp_text
from signsvc.usecases.wishes import OperationWish, Wishes


@dataclass(frozen=True, slots=True)
class PrepareSignature:
    """Raises CredentialNotUsable, DocumentRefused, PlacementImpossible, StampUnusable, StoreUnavailable;
    for a typed operation what ``follow_earlier`` raises, and RequestRefused.
    """

    signatures: Signatures
    files: Files
    credentials: KnownCredentials
    timestamps: Callable[[], TimestampClient]
    appearances: Callable[[], Appearances]
    approval_lifetime: int
    retention: int
    follow: FollowEarlier

    def __call__(
        self, client_id: str, document: StoredDocument, wishes: Wishes, *, now: datetime
    ) -> StoredSignature:
        """The signature, awaiting its approval; the prepared file is named by its id."""
        # 1
        known = self.credentials.get(client_id, wishes.credential_id)
        signature_id = new_id()
        self.files.copy(document.id, signature_id)
        try:
            # 2
            over = None
            if wishes.operation:
                operation = _with_office(wishes.operation, known)
                wishes = replace(
                    wishes, operation=operation, visible=_with_words(wishes.visible, operation, known, now)
                )
                over = self.follow(client_id, self.files.path(signature_id), operation, now=now)
            # 3
            prepared = self.append(signature_id, known, wishes, now)
            # 4
            source = bytes.fromhex(document.sha256)
            act = self.write_act(client_id, known, wishes, prepared, source, now, over=over)
            # 5
            stored = self.describe(
                signature_id, client_id, known, wishes, prepared, act, now,
                document_id=document.id, name=document.name, base_sha256=document.sha256,
            )  # fmt: skip
            self.signatures.add(stored)
        except BaseException:
            self.files.remove(signature_id)
            raise
        return stored

    def append(self, file_id: str, known: KnownCredential, wishes: Wishes, now: datetime) -> Prepared:
        """Step 3, in place."""
        request = SignatureRequest(
            reserve=self._reserve(known.template, wishes),
            signing_time=now,
            reason=wishes.reason,
            location=wishes.location,
            contact=wishes.contact,
            visible=wishes.visible,
        )
        appearances = self.appearances() if wishes.visible else None
        return prepare(self.files.path(file_id), request, appearances)

    def write_act(
        self,
        client_id: str,
        known: KnownCredential,
        wishes: Wishes,
        prepared: Prepared,
        source: bytes,
        now: datetime,
        *,
        over: Earlier | None = None,
    ) -> bytes:
        """Step 4. ``source``: SHA-256 of the file as the client sent it."""
        moment = int(now.timestamp())
        item = ActItem(digest=prepared.digest, title=wishes.title, kind="prepared", source=source, over=over)
        return SignAct(
            act_id=new_act_id(),
            client_id=client_id,
            credential_id=known.facts.credential_id,
            algorithm=known.facts.algorithm,
            items=(item,),
            issued_at=moment,
            expires_at=moment + self.approval_lifetime,
            document_kind=wishes.document_kind,
            operation=_act_operation(wishes.operation) if wishes.operation else None,
        ).encode()

    def describe(
        self,
        signature_id: str,
        client_id: str,
        known: KnownCredential,
        wishes: Wishes,
        prepared: Prepared,
        act: bytes,
        now: datetime,
        *,
        document_id: str,
        name: str,
        base_sha256: str,
        resume_key: str | None = None,
    ) -> StoredSignature:
        """The row, not yet written."""
        moment = int(now.timestamp())
        return StoredSignature(
            id=signature_id,
            client_id=client_id,
            document_id=document_id,
            resume_key=resume_key,
            state=State.AWAITING_APPROVAL,
            name=name,
            credential_id=known.facts.credential_id,
            level=str(wishes.level),
            on_unavailable=wishes.on_unavailable,
            act=act,
            base_sha256=base_sha256,
            prepared=prepared.encode(),
            # The attributes name this very certificate: a later one must not be put in its place.
            certificates=b"".join(known.facts.certificates),
            created_at=moment,
            approve_until=moment + self.approval_lifetime,
            expires_at=moment + self.retention,
        )

    def _reserve(self, template: CmsTemplate, wishes: Wishes) -> int:
        return template.reserve(self.timestamps().token_bytes if wishes.level.timestamped else 0)


def _with_office(operation: OperationWish, known: KnownCredential) -> OperationWish:
    """With the credential's office, where the caller names none. Raises RequestRefused."""
    office = operation.office or known.facts.office
    if not office:
        raise RequestRefused(
            "Thiếu office: chứng thư này chưa gắn với đơn vị nào.",
            "office is missing: this credential belongs to no office.",
        )
    return replace(operation, office=office)


def _with_words(
    visible: VisibleSignature | None, operation: OperationWish, known: KnownCredential, now: datetime
) -> VisibleSignature | None:
    """With the words that the decree prescribes, where the caller gives neither words nor a picture."""
    if visible is None or visible.text or visible.image:
        return visible
    return replace(visible, text=stamp_text(operation, known.facts.certificates[0], now))


def _act_operation(operation: OperationWish) -> OfficeOperation:
    return OfficeOperation(
        operation.name,
        operation.office,
        capacity=operation.capacity,
        mandate=operation.mandate,
        copy_form=operation.copy_form,
        document_number=operation.document_number,
        issued_on=operation.issued_on,
    )
