"""What the pages call, put together by ``app.py`` and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass

from desk.acts.prepare_shown import PrepareShown
from desk.acts.sign_batch import SignBatch
from desk.provider.authorize import Authorize
from desk.provider.metadata import Metadata
from desk.provider.verify_tokens import VerifyTokens
from desk.sessions.store import Sessions
from desk.settings import Settings
from desk.signing.service import SigningService
from desk.store.database import Database
from desk.store.documents import Documents


@dataclass(frozen=True, slots=True)
class Services:
    """One set an app."""

    settings: Settings
    clock: Callable[[], float]
    sessions: Sessions
    metadata: Metadata
    authorize: Authorize
    verify: VerifyTokens
    database: Database
    documents: Documents
    service: SigningService
    prepare_shown: PrepareShown
    sign_batch: SignBatch
    close: Callable[[], None]
