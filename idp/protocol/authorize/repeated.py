"""RFC 6749 §3.1: a parameter is sent once. Two parsers would choose differently between two values."""

from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.errors import INVALID_REQUEST, AuthorizationRefused


def check_repeated(asked: Asked) -> None:
    if asked.parameters.repeated:
        # The names are the request's own words; the log and the relying party get none of them.
        raise AuthorizationRefused(INVALID_REQUEST, "A parameter is repeated.", detail="repeated")
