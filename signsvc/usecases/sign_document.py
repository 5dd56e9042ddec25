"""Sign in one call: a document comes, the access token it came with is the approval, the signed one goes.

::

    1 an equal call came before (same token, same file, same wishes)? go on with what it left
    2 inspect the document
    3 find the credential, append an empty signature in place, write the act
    4 keep it, leased to us
    5 sign and finish (complete_signature)

The token approves each file once, so an equal call can never mean a second signature.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from hsm.client import Approval
from signsvc.errors import InProgress
from signsvc.pades.intake import Intake, check_signable
from signsvc.store.files import Files, IncomingFile
from signsvc.store.signatures import Signatures, State, StoredSignature
from signsvc.usecases.complete_signature import CompleteSignature
from signsvc.usecases.known_credentials import KnownCredentials
from signsvc.usecases.prepare_signature import PrepareSignature
from signsvc.usecases.wishes import Wishes


@dataclass(frozen=True, slots=True)
class SignDocument:
    """Raises what uploading, preparing and completing raise."""

    signatures: Signatures
    files: Files
    intake: Callable[[], Intake]
    credentials: KnownCredentials
    preparing: PrepareSignature
    completing: CompleteSignature

    def __call__(
        self,
        client_id: str,
        token_id: str,
        token: str,
        file: IncomingFile,
        name: str,
        wishes: Wishes,
        *,
        now: datetime,
    ) -> StoredSignature:
        """The completed signature; its document is the file of its id."""
        approval = Approval("access_token", token)
        resume_key = _resume_key(client_id, token_id, file.sha256, wishes)
        # 1
        before = self.signatures.find_resumable(client_id, resume_key)
        if before is not None:
            return self._go_on(before, approval, now)
        # 2
        check_signable(self.intake().inspect(file.path))
        # 3
        known = self.credentials.get(client_id, wishes.credential_id)
        prepared = self.preparing.append(file.id, known, wishes, now)
        act = self.preparing.write_act(client_id, known, wishes, prepared, file.sha256, now)
        # 4
        stored = self.preparing.describe(
            file.id, client_id, known, wishes, prepared, act, now,
            document_id="", name=name, base_sha256=file.sha256.hex(), resume_key=resume_key,
        )  # fmt: skip
        held = replace(
            stored,
            state=State.SIGNING,
            fence=1,
            lease_until=int(now.timestamp()) + self.completing.lease,
        )
        if not self.signatures.add(held):
            raise InProgress
        file.keep()
        # 5. Ours since it was written: no claim is needed.
        return self.completing.sign_held(held, approval, now=now, with_receipt=False, base=file.hash_state())

    def _go_on(self, before: StoredSignature, approval: Approval, now: datetime) -> StoredSignature:
        if before.state in (State.AWAITING_APPROVAL, State.SIGNING):
            return self.completing.sign(before, approval, now=now, with_receipt=False)
        return self.completing.resume(before, now=now)


def _resume_key(client_id: str, token_id: str, source: bytes, wishes: Wishes) -> str:
    digest = hashlib.sha256()
    for part in (client_id, token_id, source.hex(), repr(wishes)):
        digest.update(len(part).to_bytes(4, "big") + part.encode())
    return digest.hexdigest()
