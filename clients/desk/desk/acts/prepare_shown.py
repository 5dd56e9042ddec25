"""Prepare a document for the person who looks at it, and have its bytes at hand.

::

    1 fetch the document as it was sent
    2 have the signing service prepare it, unless it did so a while ago for the same credential
    3 recompute the digest over what will be shown, and keep both
"""

from dataclasses import dataclass

from desk.signing.service import Bearer, SigningService
from desk.signing.shown import Kept, check_shown, read_prepared
from desk.store.documents import Document, Documents, State

# The time in a signature is that of its preparation, so an old one is made anew.
FRESH_SECONDS = 10 * 60
LEVEL = "B-LT"


@dataclass(frozen=True, slots=True)
class PrepareShown:
    """Raises NotWhatWasShown and what the signing service and the store raise."""

    service: SigningService
    documents: Documents
    kept: Kept

    def __call__(self, bearer: Bearer, found: Document, credential_id: str, now: int) -> Document:
        """The document as it stands now."""
        fresh = found.credential_id == credential_id and now - found.prepared_at < FRESH_SECONDS
        if found.state is not State.TO_SIGN or (found.prepared and fresh):
            return found
        # 1
        content = self.sent(bearer, found)
        # 2
        told = self.service.prepare(
            bearer,
            {
                "document_id": found.remote_id, "credential_id": credential_id, "level": LEVEL,
                "title": found.name, "on_unavailable": "wait",
            },
        )  # fmt: skip
        # 3
        prepared = read_prepared(told, content)
        self.documents.keep_prepared(found.id, credential_id, prepared, now)
        return self.documents.get(found.subject, found.id)

    def sent(self, bearer: Bearer, found: Document) -> bytes:
        """As it was sent."""
        kept = self.kept.find(found.remote_id)
        return kept or self.kept.keep(found.remote_id, self.service.content(bearer, found.remote_id))

    def shown(self, bearer: Bearer, found: Document) -> bytes:
        """The bytes that are drawn: the signed file, the prepared one, or the one that was sent."""
        if found.state is State.DONE and found.prepared:
            key = f"signed {found.prepared.signature_id}"
            kept = self.kept.find(key)
            return kept or self.kept.keep(key, self.service.signed(bearer, found.prepared.signature_id))
        content = self.sent(bearer, found)
        return check_shown(found.prepared, content) if found.prepared else content
