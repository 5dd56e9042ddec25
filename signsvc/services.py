"""What the web and the worker call, put together by ``app.py`` and nowhere else.

Callables without arguments open their connection when first called: after the fork.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hsm.client import KeyProcess
from signsvc.limits import Limits
from signsvc.measure import Metrics
from signsvc.pades.timestamp import TimestampClient
from signsvc.policy_in_force import PolicyInForce
from signsvc.settings import Settings
from signsvc.store.csc_authorizations import CscAuthorizations
from signsvc.store.csc_responses import CscResponses
from signsvc.store.database import Database
from signsvc.store.documents import Documents
from signsvc.store.files import Files
from signsvc.store.idempotency import IdempotencyKeys
from signsvc.store.issued import Issued
from signsvc.store.signatures import Signatures
from signsvc.store.spent_proofs import SpentProofs
from signsvc.usecases.begin_approval import BeginApproval
from signsvc.usecases.complete_signature import CompleteSignature
from signsvc.usecases.csc_authorize import CscAuthorize
from signsvc.usecases.csc_credentials import CscCredentials
from signsvc.usecases.csc_sign_documents import CscSignDocuments
from signsvc.usecases.csc_sign_hash import CscSign
from signsvc.usecases.delete_document import DeleteDocument, Sweep
from signsvc.usecases.finish_signature import FinishSignature
from signsvc.usecases.prepare_signature import PrepareSignature
from signsvc.usecases.sign_document import SignDocument
from signsvc.usecases.sign_hashes import SignHashes
from signsvc.usecases.upload_document import UploadDocument
from signsvc.usecases.verify_document import VerifyDocument


@dataclass(frozen=True, slots=True)
class Services:
    """One set an app."""

    settings: Settings
    clock: Callable[[], datetime]
    metrics: Metrics
    policy: PolicyInForce
    limits: Limits
    spent_proofs: Callable[[], SpentProofs]
    files: Files
    database: Database
    documents: Documents
    signatures: Signatures
    issued: Issued
    idempotency: IdempotencyKeys
    key_process: Callable[[], KeyProcess]
    timestamps: Callable[[], TimestampClient]
    upload: UploadDocument
    delete: DeleteDocument
    prepare: PrepareSignature
    complete: CompleteSignature
    finish: FinishSignature
    sign: SignDocument
    sign_hashes: SignHashes
    verify: VerifyDocument
    csc_credentials: CscCredentials
    csc_authorize: CscAuthorize
    begin_approval: BeginApproval
    csc_sign: CscSign
    csc_sign_documents: CscSignDocuments
    csc_responses: CscResponses
    csc_authorizations: CscAuthorizations
    sweep: Sweep
    closing: tuple[Callable[[], None], ...]

    def close(self) -> None:
        """Close every connection that was opened."""
        for close in self.closing:
            close()
