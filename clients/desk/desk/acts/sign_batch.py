"""Have approved documents signed, one after the other, in the background.

What stands is in the rows, and ``complete`` may be repeated without signing twice: whoever is stopped in the
middle, by a reload, a lost connection or the end of this process, is gone on with (``resume``).
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from desk.errors import DeskError, LoginNeeded, ServiceRefused, Unavailable
from desk.signing.service import Bearer, SigningService
from desk.store.documents import Document, Documents, State

TRIES = 3
# Longer than the token of an approval lives: after that nobody can still be at it.
ABANDONED_SECONDS = 6 * 60
PAUSE = 1.0
COMPLETED = "completed"
_NOT_SIGNED = ("awaiting_approval", "signing", "failed")
_AGAIN = (
    "Lần ký này bị gián đoạn. Văn bản chưa được ký; hãy ký lại.",
    "The signing was interrupted. This document was not signed; sign it again.",
)


@dataclass(frozen=True, slots=True)
class SignBatch:
    """``start`` returns at once; ``run`` is what it does."""

    service: SigningService
    documents: Documents
    clock: Callable[[], float]

    def start(self, subject: str, batch_id: str, approved: Bearer, by: str) -> threading.Thread:
        thread = threading.Thread(target=self.run, args=(subject, batch_id, approved, by), daemon=True)
        thread.start()
        return thread

    def run(self, subject: str, batch_id: str, approved: Bearer, by: str) -> None:
        """``approved``: the token that the approval gave."""
        for found in self.documents.of_batch(subject, batch_id):
            if found.state is State.SIGNING:
                try:
                    self._sign(found, approved, by)
                except DeskError:
                    # The row says that it is not finished; ``resume`` finds out what became of it.
                    continue

    def resume(self, subject: str, batch_id: str, bearer: Bearer, by: str) -> None:
        """With an ordinary token: what was signed is taken over, what was not goes back to the desk."""
        now = int(self.clock())
        for found in self.documents.of_batch(subject, batch_id):
            if found.state is not State.SIGNING or found.prepared is None:
                continue
            told = self.service.signature(bearer, found.prepared.signature_id)
            if told["state"] == COMPLETED:
                self.documents.finish(found, told, by=by, now=now)
            elif told["state"] in _NOT_SIGNED and now - found.approved_at > ABANDONED_SECONDS:
                self.documents.put_back(found, *_AGAIN, by=by, now=now)

    def _sign(self, found: Document, approved: Bearer, by: str) -> None:
        assert found.prepared is not None  # noqa: S101 -- nothing else is approved
        for attempt in range(TRIES):
            try:
                told = self.service.complete(approved, found.prepared.signature_id)
            except ServiceRefused as error:
                self.documents.put_back(found, error.vi, error.en, by=by, now=int(self.clock()))
                return
            except (Unavailable, LoginNeeded):
                if attempt == TRIES - 1:
                    raise
                time.sleep(PAUSE * (attempt + 1))
                continue
            # Otherwise its time-stamp is still awaited: the signing service goes on by itself.
            if told["state"] == COMPLETED:
                self.documents.finish(found, told, by=by, now=int(self.clock()))
            return
