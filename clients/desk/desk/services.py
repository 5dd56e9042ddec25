"""What the pages call, put together by ``app.py`` and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass

from desk.provider.authorize import Authorize
from desk.provider.metadata import Metadata
from desk.provider.verify_tokens import VerifyTokens
from desk.sessions.store import Sessions
from desk.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """One set an app."""

    settings: Settings
    clock: Callable[[], float]
    sessions: Sessions
    metadata: Metadata
    authorize: Authorize
    verify: VerifyTokens
    close: Callable[[], None]
