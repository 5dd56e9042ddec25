"""Build what lets requests to their work: logins get a quarter of the turns."""

from idp.protocol.metadata import issuer_path
from idp.settings import Settings
from idp.web.turns import Turns

# Pages that people pass through while they log in.
_LOGIN_PATHS = ("/authorize", "/login/")


def build_turns(settings: Settings) -> Turns:
    """For one worker."""
    below = issuer_path(settings.issuer)
    logins = max(1, settings.threads // 4)
    return Turns(settings.threads, logins, tuple(f"{below}{path}" for path in _LOGIN_PATHS))
