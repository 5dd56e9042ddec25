"""OpenID Connect Core §3.1.2.1, max_age: how long ago the person may have logged in, in seconds."""

import re

from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.errors import INVALID_REQUEST, AuthorizationRefused

_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


def read_max_age(asked: Asked) -> int | None:
    """The request's, else the one the client registered (default_max_age), else None."""
    sent = asked.get("max_age")
    if not sent:
        return asked.client.metadata.default_max_age or None
    if not _SECONDS.fullmatch(sent):
        raise AuthorizationRefused(INVALID_REQUEST, "max_age is a number of seconds.")
    return int(sent)
