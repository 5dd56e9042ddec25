"""OpenID Connect Core §3.1.2.1: what may help to show the right page, and decides nothing."""

import re

from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.errors import INVALID_REQUEST, AuthorizationRefused

DISPLAYS = ("page", "popup", "touch", "wap")
MAX_HINT = 320
# BCP 47 tags, as far as their shape goes. A language that we lack is no error (§3.1.2.1).
_LOCALES = re.compile(r"[A-Za-z0-9-]{1,35}( [A-Za-z0-9-]{1,35}){0,9}", re.ASCII)


def read_login_hint(asked: Asked) -> str:
    """To fill in the name field with; "" when it could not be a name."""
    hint = asked.get("login_hint")
    return hint if len(hint) <= MAX_HINT and hint.isprintable() else ""


def read_locales(asked: Asked, name: str) -> str:
    sent = asked.get(name)
    return sent if _LOCALES.fullmatch(sent) else ""


def read_display(asked: Asked) -> str:
    """All our pages fit all displays, so the value is checked and changes nothing."""
    sent = asked.get("display")
    if sent and sent not in DISPLAYS:
        raise AuthorizationRefused(INVALID_REQUEST, f"display is one of {', '.join(DISPLAYS)}.")
    return sent
