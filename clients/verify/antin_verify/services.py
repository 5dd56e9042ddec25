"""What the pages call, put together by ``app.py`` and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from antin_verify.kept import KeptResults
from antin_verify.settings import Settings
from antin_verify.signing_service import SigningService

# Where an app keeps its set: app.extensions[SERVICES].
SERVICES = "antin-verify"


@dataclass(frozen=True, slots=True)
class Services:
    """One set an app. ``signing`` opens its connections when first called: after the fork."""

    settings: Settings
    clock: Callable[[], datetime]
    kept: KeptResults
    signing: Callable[[], SigningService]
